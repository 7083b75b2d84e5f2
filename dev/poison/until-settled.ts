import { setTimeout as sleep } from 'node:timers/promises';
import type { PartitionLag } from '../../ports/log/log.ts';
import { statement } from '../../ports/store/statement.ts';
import { readers } from '../../schemas/readers.ts';
import type { Target } from './target.ts';

const standingSql = statement(import.meta.url, './sql/standing.sql');

/** How far a run has come. */
export interface Standing {
  /** Records that a group has still to read, by group, of all of its topics and partitions. */
  readonly lag: ReadonlyMap<string, bigint>;
  /** Frames that are not looked at yet, as the tables say. */
  readonly waiting: number;
  readonly letters: number;
}

const LOOK_EVERY_MS = 1_000;
/** A record may be between two places where it is looked for. */
const QUIET_LOOKS = 3;
/** What does not move for so long has come to a stop; whatever is left then is told. */
const STALLED_MS = 120_000;

/** Until nothing waits any more, or nothing moves. */
export async function untilSettled(
  target: Pick<Target, 'log' | 'store' | 'died'>,
  say: (line: string) => void,
): Promise<Standing> {
  let [quiet, movedMs, before] = [0, performance.now(), ''];
  for (;;) {
    const standing = await Promise.race([look(target), target.died]);
    say(wordsOf(standing));
    const told = JSON.stringify([...standing.lag.values(), standing.waiting, standing.letters].map(String));
    if (told !== before) movedMs = performance.now();
    before = told;
    quiet = lagOf(standing) === 0n && standing.waiting === 0 ? quiet + 1 : 0;
    if (quiet >= QUIET_LOOKS || performance.now() - movedMs > STALLED_MS) return standing;
    await sleep(LOOK_EVERY_MS);
  }
}

export function lagOf({ lag }: Standing): bigint {
  return [...lag.values()].reduce((sum, records) => sum + records, 0n);
}

function wordsOf({ lag, waiting, letters }: Standing): string {
  const groups = [...lag].map(([group, records]) => `${group} ${records}`).join(', ');
  return `to read: ${groups}; ${waiting} frames wait, ${letters} letters`;
}

async function look({ log, store }: Pick<Target, 'log' | 'store'>): Promise<Standing> {
  const lag = new Map<string, bigint>();
  for (const { topic, group } of readers) {
    const partitions: readonly PartitionLag[] = await log.lag(topic, group);
    const records = partitions.reduce((sum, one) => sum + one.records, 0n);
    lag.set(group, (lag.get(group) ?? 0n) + records);
  }
  const [{ waiting = 0, letters = 0 } = {}] = await store.run<{ waiting: number; letters: number }>(standingSql);
  return { lag, waiting, letters };
}
