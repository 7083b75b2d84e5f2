import { Gauge, type Registry } from 'prom-client';
import { Problem } from '../http/problem.ts';
import type { Blobs } from '../ports/blobs/blobs.ts';
import { type Room, roomOf } from '../ports/room.ts';

/**
 * Turns frames away before a disk is full: a picture that fails to be stored is sent again, but a database without room for
 * its journal stops, and with it all that would make room again. Whoever is turned away keeps the picture.
 */
export interface DiskGuard {
  look(): Promise<void>;
  /** Throws while there is too little room. */
  requireRoom(): void;
}

export const LOOK_AT_ROOM_EVERY_MS = 2_000;
/** So much more must be free before frames are taken again, or each would close the door behind it. */
const AGAIN_SHARE = 1.1;

export function createDiskGuard({
  blobs,
  folders,
  freeMinBytes,
  metrics,
}: {
  readonly blobs: Pick<Blobs, 'health'>;
  /** On the disks of what must not run out of room besides. */
  readonly folders: readonly string[];
  /** 0 is never. */
  readonly freeMinBytes: number;
  readonly metrics: Registry;
}): DiskGuard {
  let isFull = false;
  new Gauge({
    name: 'passerby_ingest_disk_full',
    help: 'Whether frames are turned away since a disk has less room than DISK_FREE_MIN_BYTES.',
    registers: [metrics],
    collect() {
      this.set(isFull ? 1 : 0);
    },
  });

  function isEnough({ freeBytes, freeNamesShare }: Room): boolean {
    return freeNamesShare !== 0 && freeBytes >= freeMinBytes * (isFull ? AGAIN_SHARE : 1);
  }

  return {
    async look() {
      if (freeMinBytes === 0) return;
      // Of a disk that does not answer nothing is known; what is put on it says so itself.
      const rooms = await Promise.all(
        [async () => (await blobs.health()).room, ...folders.map((folder) => () => roomOf(folder))].map((ask) =>
          ask().catch(() => null),
        ),
      );
      isFull = rooms.some((room) => room !== null && !isEnough(room));
    },
    requireRoom() {
      if (isFull) throw diskFull;
    },
  };
}

const diskFull = new Problem({
  status: 507,
  code: 'disk-full',
  title: 'There is no room for pictures',
  detail: 'Keep this one, and send it again; there will be room.',
  headers: { 'retry-after': '30' },
});
