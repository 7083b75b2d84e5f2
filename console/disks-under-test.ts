import { Registry } from 'prom-client';
import { createDiskWatch, type DiskWatch } from './disk-watch.ts';

/** The disks as a console sees them, with limits that no disk is below. */
export function openDiskWatch({
  folders = {},
  metrics = new Registry(),
  ...given
}: Pick<Parameters<typeof createDiskWatch>[0], 'blobs' | 'clock'> &
  Partial<Parameters<typeof createDiskWatch>[0]>): DiskWatch {
  return createDiskWatch({ folders, metrics, limits: { lowBytes: 0, lowShare: 0 }, ...given });
}
