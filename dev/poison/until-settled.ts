import { setTimeout as sleep } from 'node:timers/promises';
import { Outage } from '../../ports/errors.ts';
import { statement } from '../../ports/store/statement.ts';
import { readers } from '../../schemas/readers.ts';
import type { Target } from './target.ts';

const sql = {
  waiting: statement(import.meta.url, './sql/waiting.sql'),
  letters: statement(import.meta.url, './sql/count-letters.sql'),
};

/** How far a run has come. */
export interface Standing {
  /** Records that a group has still to read, of all of its topics and partitions. */
  readonly lag: Readonly<Record<string, bigint>>;
  readonly letters: number;
}

interface Settling {
  /** How many frames there are. */
  readonly records: number;
  readonly say: (line: string) => void;
}

const LOOK_EVERY_MS = 500;
/** To look costs the servers something, too. */
const FAR = 5_000n;
const LOOK_FROM_AFAR_EVERY_MS = 5_000;
/** A record may be between two places where it is looked for. */
const QUIET_LOOKS = 3;
/** What does not move for so long has come to a stop; whatever is left then is told. */
const STALLED_MS = 120_000;

/** Until nothing waits any more, or nothing moves. */
export async function untilSettled(
  target: Pick<Target, 'log' | 'store' | 'died'>,
  { records, say }: Settling,
): Promise<Standing> {
  let [quiet, movedMs, before] = [0, performance.now(), ''];
  for (;;) {
    const seen = await Promise.race([look(target), target.died]).catch(orOutage);
    if (seen instanceof Outage) {
      if (performance.now() - movedMs > STALLED_MS) throw seen;
      say(`looks again: ${seen.message}`);
      await sleep(LOOK_FROM_AFAR_EVERY_MS);
      continue;
    }
    const [standing, waiting] = seen;
    const told = `${wordsOf(standing, records)}${waiting > 0 ? `, ${waiting} rows wait` : ''}`;
    say(told);
    if (told !== before) movedMs = performance.now();
    before = told;
    const left = lagOf(standing);
    quiet = left === 0n && waiting === 0 ? quiet + 1 : 0;
    if (quiet >= QUIET_LOOKS || performance.now() - movedMs > STALLED_MS) return standing;
    await sleep(left > FAR ? LOOK_FROM_AFAR_EVERY_MS : LOOK_EVERY_MS);
  }
}

/** Servers that are busy may not answer for a while; the services wait for them, too. */
function orOutage(error: unknown): Outage {
  if (error instanceof Outage) return error;
  throw error;
}

export function lagOf({ lag }: Standing): bigint {
  return Object.values(lag).reduce((sum, records) => sum + records, 0n);
}

/** With how many captures are neither done nor dead, once there is nothing to read: before that they are many. */
async function look({ log, store }: Pick<Target, 'log' | 'store'>): Promise<readonly [Standing, waiting: number]> {
  const lag: Record<string, bigint> = {};
  for (const { topic, group } of readers) {
    const partitions = await log.lag(topic, group);
    lag[group] = partitions.reduce((sum, { records }) => sum + records, lag[group] ?? 0n);
  }
  const [{ letters = 0 } = {}] = await store.run<{ letters: number }>(sql.letters);
  const standing = { lag, letters };
  if (lagOf(standing) > 0n) return [standing, 0];
  const [{ waiting = 0 } = {}] = await store.run<{ waiting: number }>(sql.waiting);
  return [standing, waiting];
}

function wordsOf({ lag, letters }: Standing, records: number): string {
  const groups = Object.entries(lag).map(([group, left]) => `${group} ${left}`);
  const left = (lag['processor-live'] ?? 0n) + (lag['processor-backlog'] ?? 0n);
  const done = Math.max(0, records - Number(left));
  return `${done} of ${records} looked at; lag: ${groups.join(', ')}; ${letters} letters`;
}
