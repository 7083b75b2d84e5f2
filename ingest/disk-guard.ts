import { Gauge, type Registry } from 'prom-client';
import { Problem } from '../http/problem.ts';
import type { Blobs } from '../ports/blobs/blobs.ts';
import type { Room } from '../ports/room.ts';
import { createRooms } from '../ports/rooms.ts';

/**
 * Turns frames away before a disk is full: a picture that fails to be stored is sent again, but a database without room for
 * its journal stops, and with it all that would make room again. Whoever is turned away keeps the picture.
 */
export interface DiskGuard {
  look(): Promise<void>;
  /** Whether frames are taken. */
  hasRoom(): boolean;
  /** Throws while they are not. */
  requireRoom(): void;
}

export const LOOK_AT_ROOM_EVERY_MS = 2_000;
/** So much more must be free before frames are taken again, or each would close the door behind it. */
const AGAIN_SHARE = 1.1;

export function createDiskGuard({
  freeMinBytes,
  metrics,
  ...where
}: {
  readonly blobs: Pick<Blobs, 'health'>;
  /** On the disks of what must not run out of room besides. */
  readonly folders: Readonly<Record<string, string>>;
  /** Whether one answers does not keep the others waiting for long. */
  readonly answerWithinMs?: number;
  /** 0 is never. */
  readonly freeMinBytes: number;
  readonly metrics: Registry;
}): DiskGuard {
  const rooms = createRooms({ answerWithinMs: LOOK_AT_ROOM_EVERY_MS, ...where });
  /** Of the disks, by their names, as of when they last answered. */
  const full = new Set<string>();
  const hasRoom = () => full.size === 0;
  new Gauge({
    name: 'passerby_ingest_disk_full',
    help: 'Whether frames are turned away since a disk has less room than DISK_FREE_MIN_BYTES.',
    registers: [metrics],
    collect() {
      this.set(hasRoom() ? 0 : 1);
    },
  });

  function isEnough({ freeBytes, freeNamesShare }: Room): boolean {
    return freeNamesShare !== 0 && freeBytes >= freeMinBytes * (hasRoom() ? 1 : AGAIN_SHARE);
  }

  return {
    async look() {
      if (freeMinBytes === 0) return;
      const looked = await rooms.look();
      const isFull = looked.flatMap(({ name, room }) => {
        // One that was full and is silent now has not been seen to have room; of one never heard nothing is known.
        if (room === 'silent') return full.has(name) ? [name] : [];
        return room === null || isEnough(room) ? [] : [name];
      });
      full.clear();
      for (const name of isFull) full.add(name);
    },
    hasRoom,
    requireRoom() {
      if (!hasRoom()) throw diskFull;
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
