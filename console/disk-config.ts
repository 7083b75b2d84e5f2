import { type Static, Type } from 'typebox';
import type { DiskLimits } from './disk-state.ts';

export const diskConfig = Type.Object({
  DISK_LOW_BYTES: Type.Integer({
    default: 2_147_483_648,
    minimum: 0,
    description: 'A disk with less than this free is low, as one that is below DISK_LOW_SHARE is.',
  }),
  DISK_LOW_SHARE: Type.Number({
    default: 0.1,
    minimum: 0,
    maximum: 1,
    description: 'A disk of which less than this share is free is low.',
  }),
});

export function diskLimits({ DISK_LOW_BYTES, DISK_LOW_SHARE }: Static<typeof diskConfig>): DiskLimits {
  return { lowBytes: DISK_LOW_BYTES, lowShare: DISK_LOW_SHARE };
}
