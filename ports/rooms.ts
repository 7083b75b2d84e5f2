import type { Blobs } from './blobs/blobs.ts';
import { inTime } from './in-time.ts';
import { type Room, roomOf } from './room.ts';

const ANSWER_WITHIN_MS = 10_000;

/** What a disk, or a store that has disks of its own, answered. */
export interface Looked {
  readonly name: string;
  /** Null where it answers, and its room is not known; `silent` where it failed, or did not answer in time. */
  readonly room: Room | null | 'silent';
  readonly tookMs: number;
}

/** Asks disks for their room: where the blobs are first, then folders by the name that their disks are told by. */
export interface Rooms {
  look(): Promise<readonly Looked[]>;
}

export function createRooms({
  blobs,
  folders,
  answerWithinMs = ANSWER_WITHIN_MS,
}: {
  readonly blobs: Pick<Blobs, 'health'>;
  readonly folders: Readonly<Record<string, string>>;
  readonly answerWithinMs?: number;
}): Rooms {
  const asked = [
    { name: 'blobs', ask: async () => (await blobs.health()).room },
    ...Object.entries(folders).map(([name, folder]) => ({ name, ask: () => roomOf(folder) })),
  ];
  const underWay = new Map<string, Promise<Looked>>();

  /** A disk that hangs, as one of another machine may, is asked once, however long it takes. */
  function askOnce({ name, ask }: (typeof asked)[number]): Promise<Looked> {
    const before = underWay.get(name);
    if (before) return before;
    const startedMs = performance.now();
    const asking = ask()
      .catch(() => 'silent' as const)
      .then((room) => ({ name, room, tookMs: performance.now() - startedMs }))
      .finally(() => underWay.delete(name));
    underWay.set(name, asking);
    return asking;
  }

  async function lookAt(one: (typeof asked)[number]): Promise<Looked> {
    const looked = await inTime(askOnce(one), answerWithinMs);
    return looked ?? { name: one.name, room: 'silent', tookMs: answerWithinMs };
  }

  return { look: () => Promise.all(asked.map(lookAt)) };
}
