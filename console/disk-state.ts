import type { Room } from '../ports/room.ts';

/** How things stand with a disk, or with what lies on one: the worst first. */
export const DISK_STATES = ['unreachable', 'full', 'low', 'ok'] as const;
export type DiskState = (typeof DISK_STATES)[number];

/** Below which a disk is low: either is enough, and 0 is never. */
export interface DiskLimits {
  readonly lowBytes: number;
  readonly lowShare: number;
}

/** A picture still fits, but no more what a database keeps in hand to go on writing: four files of its journal. */
export const FULL_BYTES = 67_108_864;
const SHORTEST_SPAN_MS = 600_000;

/** As `df` counts: of what is used and what is free, without what is kept back. */
export function diskState(room: Room, { lowBytes, lowShare }: DiskLimits): DiskState {
  const { usedBytes, freeBytes, freeNamesShare } = room;
  if (freeBytes < FULL_BYTES || freeNamesShare === 0) return 'full';
  const share = Math.min(freeBytes / (usedBytes + freeBytes), freeNamesShare ?? 1);
  return freeBytes < lowBytes || share < lowShare ? 'low' : 'ok';
}

export function worstOf(states: readonly DiskState[]): DiskState {
  return DISK_STATES.find((state) => states.includes(state)) ?? 'ok';
}

/** What has been stored, and since when it is counted. */
export interface Stored {
  readonly bytes: number;
  readonly spanMs: number;
}

/** How long the rest lasts if as much goes on coming; null where nothing comes. Minutes say too little to go by. */
export function lastsS(freeBytes: number, { bytes, spanMs }: Stored): number | null {
  return bytes === 0 ? null : Math.floor((freeBytes * Math.max(spanMs, SHORTEST_SPAN_MS)) / bytes / 1_000);
}
