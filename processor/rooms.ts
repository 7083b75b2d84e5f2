import pLimit from 'p-limit';
import type { Lane } from '../schemas/types.ts';

/** Does the work when there is a place for it: first come, first served. */
export type Room = <Result>(work: () => Promise<Result>) => Promise<Result>;

/**
 * So many places for the pictures of all lanes and partitions, which bounds memory and processors once for all. Late
 * frames stand in the same line, but only one of them at a time: a live one waits for one of them at most.
 */
export function createRooms(places: number): Readonly<Record<Lane, Room>> {
  const room = pLimit(places);
  const lateRoom = pLimit(1);
  return { live: room, backlog: (work) => lateRoom(() => room(work)) };
}
