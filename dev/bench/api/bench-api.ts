import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { createMemoryBlobs } from '../../../ports/blobs/memory.ts';
import { systemClock as clock } from '../../../ports/clock/system.ts';
import { statement } from '../../../ports/store/statement.ts';
import { createRandom, type Random } from '../../simulate/random.ts';
import { percentiles } from '../../simulate/report.ts';
import { openConsole } from './open-console.ts';

const sql = {
  known: statement(import.meta.url, './sql/list-known-events.sql'),
  newest: statement(import.meta.url, './sql/list-newest-events.sql'),
  nameSnapshots: statement(import.meta.url, './sql/name-snapshots.sql'),
};

const KEY = 'snapshots/bench/drawn.png';
const DAY_MS = 86_400_000;
const SEED = 9;

export const KINDS = ['list', 'stats', 'snapshot', 'get'] as const;
export type Kind = (typeof KINDS)[number];

export interface ApiBench {
  readonly kind: Kind;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

interface Known {
  readonly numbers: readonly number[];
  readonly drawn: readonly number[];
  readonly devices: readonly string[];
  readonly from: Date;
  readonly to: Date;
}

/** One kind after the other: so many readers of one request a second each, each time for something else, over HTTP. */
export async function benchApi(
  connectionString: string,
  {
    readers,
    seconds,
    onProgress,
  }: { readonly readers: number; readonly seconds: number; readonly onProgress: (line: string) => void },
): Promise<readonly ApiBench[]> {
  const blobs = createMemoryBlobs({ clock });
  await blobs.put(KEY, await picture());
  const console = await openConsole(connectionString, blobs);
  try {
    const newest = await console.store.run<{ id: string; at: string }>(sql.newest);
    const ats = newest.map(({ at }) => at);
    await console.store.run(sql.nameSnapshots, [newest.map(({ id }) => id), ats, ats.at(-1), ats[0], KEY]);
    const [known] = await console.store.run<Known>(sql.known, [KEY]);
    if (!known) throw new Error('there is nothing to ask for');
    const random = createRandom(SEED, 'api');
    const benches: ApiBench[] = [];
    for (const kind of KINDS) {
      onProgress(`asking: ${kind}`);
      const ask = async () => {
        const path = pathOf(kind, known, random);
        const startMs = performance.now();
        const answer = await fetch(`${console.url}${path}`, { headers: console.headers });
        await answer.arrayBuffer();
        if (answer.status !== 200) throw new Error(`${path} is answered ${answer.status}`);
        return performance.now() - startMs;
      };
      // A page has been looked at before.
      for (let time = 0; time < 20; time += 1) await ask();
      const tookMs = await Promise.all(
        Array.from({ length: readers }, (_, reader) => read(ask, reader / readers, seconds)),
      );
      const [p50Ms = 0, p95Ms = 0] = percentiles(tookMs.flat(), [0.5, 0.95]);
      benches.push({ kind, requests: tookMs.flat().length, p50Ms, p95Ms });
    }
    return benches;
  } finally {
    await console.stop();
  }
}

/** Each second one, whether the one before was quick or not; the readers begin one after the other. */
async function read(ask: () => Promise<number>, beginS: number, seconds: number): Promise<readonly number[]> {
  await sleep(beginS * 1_000);
  const asked: Promise<number>[] = [];
  for (let second = 0; second < seconds; second += 1) {
    asked.push(ask());
    await sleep(1_000);
  }
  return await Promise.all(asked);
}

function pathOf(kind: Kind, { numbers, drawn, devices, from, to }: Known, random: Random): string {
  const one = <Item>(items: readonly Item[]) => items[Math.floor(random.between(0, items.length))] as Item;
  if (kind === 'get') return `/api/events/${one(numbers)}`;
  if (kind === 'snapshot') return `/api/events/${one(drawn)}/snapshot`;
  // Of all, of a camera, of the last days, of some days; as people look at it.
  const untilMs = random.between(from.getTime() + 30 * DAY_MS, to.getTime());
  const times = (untilMs: number, days: number) =>
    `start_time=${new Date(untilMs - days * DAY_MS).toISOString()}&end_time=${new Date(untilMs).toISOString()}`;
  const query = one([
    '',
    `camera_id=${one(devices)}`,
    `camera_id=${one(devices)}&${times(untilMs, one([1, 7, 30]))}`,
    times(to.getTime(), one([1, 7])),
    times(untilMs, one([1, 7, 30])),
    'event_type=visit',
  ]);
  return `/api/events${kind === 'stats' ? '/stats' : ''}?${query}`;
}

/** As large as a camera's, and hard to compress. */
function picture(): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 12 } as const;
  return sharp({ create: { width: 320, height: 240, channels: 3, background: 'grey', noise } })
    .png()
    .toBuffer();
}
