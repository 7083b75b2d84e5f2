import { Gauge, type Registry } from 'prom-client';
import type { Blobs } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import type { Room } from '../ports/room.ts';
import { createRooms, type Looked } from '../ports/rooms.ts';
import { type DiskLimits, type DiskState, diskState } from './disk-state.ts';

export const LOOK_AT_DISKS_EVERY_MS = 15_000;

/** A disk, or a store that has disks of its own, as of the last look. */
export interface Disk {
  readonly name: string;
  readonly state: DiskState;
  /** Null where it is not known. */
  readonly room: Room | null;
  /** How long it took to answer; null where it did not. */
  readonly tookMs: number | null;
  readonly lookedAtMs: number;
}

export interface DiskWatch {
  readonly limits: DiskLimits;
  /** Where the blobs are first, then the folders. */
  disks(): Promise<readonly Disk[]>;
  /** Looks once, for metrics and pages alike: many may ask, the disks are asked once. */
  look(): Promise<void>;
}

interface Dependencies {
  readonly blobs: Pick<Blobs, 'health'>;
  /** By the name that their disks are told by. */
  readonly folders: Readonly<Record<string, string>>;
  readonly limits: DiskLimits;
  readonly clock: Clock;
  readonly metrics: Registry;
  readonly answerWithinMs?: number;
}

export function createDiskWatch({ limits, clock, metrics, ...where }: Dependencies): DiskWatch {
  const gauges = createGauges(metrics);
  const rooms = createRooms(where);
  let latest: readonly Disk[] | null = null;

  function told({ name, room, tookMs }: Looked): Disk {
    const lookedAtMs = clock.nowMs();
    if (room === 'silent') return { name, state: 'unreachable', room: null, tookMs: null, lookedAtMs };
    const state = room === null ? 'ok' : diskState(room, limits);
    return { name, state, room, tookMs: Math.round(tookMs), lookedAtMs };
  }

  async function look(): Promise<readonly Disk[]> {
    latest = (await rooms.look()).map(told);
    for (const { name, room } of latest) gauges.tell(name, room);
    return latest;
  }

  return {
    limits,
    disks: async () => latest ?? (await look()),
    look: async () => void (await look()),
  };
}

function createGauges(metrics: Registry) {
  const labelNames = ['disk'] as const;
  const free = new Gauge({
    name: 'passerby_disk_free_bytes',
    help: 'Bytes that are free on a disk, where that is known.',
    labelNames,
    registers: [metrics],
  });
  const total = new Gauge({
    name: 'passerby_disk_total_bytes',
    help: 'Bytes of a disk, used and free, where that is known.',
    labelNames,
    registers: [metrics],
  });
  return {
    tell(disk: string, room: Room | null): void {
      if (room === null) {
        // What was true once would look as if it still were.
        free.remove({ disk });
        total.remove({ disk });
        return;
      }
      free.set({ disk }, room.freeBytes);
      total.set({ disk }, room.usedBytes + room.freeBytes);
    },
  };
}
