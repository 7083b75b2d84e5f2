import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Acknowledged, runCameras } from './cameras.ts';
import { carryOut, type Kill, planKills } from './kills.ts';
import { type Outcome, readOutcome } from './outcome.ts';
import { createService } from './service.ts';

export interface RunOptions {
  readonly dataDir: string;
  readonly seed: number;
  readonly seconds: number;
  readonly devices: number;
  readonly fps: number;
  /** Undisturbed, the frames are sent as fast as they are taken: their times are their own. */
  readonly disturbed: boolean;
  readonly onProgress: (line: string) => void;
}

export interface Ran {
  readonly acknowledged: readonly Acknowledged[];
  readonly kills: number;
  readonly outcome: Outcome;
}

const PASSWORD = 'only-for-this-run';
const PROGRESS_EVERY_MS = 10_000;
const SETTLED_WITHIN_MS = 60_000;

/** One run from an empty folder: start, send everything, kill or not, wait until all is analysed, stop, look. */
export async function run(options: RunOptions): Promise<Ran> {
  const { dataDir, seed, seconds, disturbed } = options;
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(`${dataDir}.log`, { force: true });
  mkdirSync(dataDir, { recursive: true });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const service = createService({ dataDir, port, password: PASSWORD });
  const stop = new AbortController();
  service.start();
  try {
    await service.untilReady();
    let acknowledgedCount = 0;
    const ticker = setInterval(() => options.onProgress(`${acknowledgedCount} acknowledged`), PROGRESS_EVERY_MS);
    const plan: readonly Kill[] = disturbed ? planKills(seed, seconds) : [];
    const killing = carryOut(plan, service, stop.signal);
    const cameras = runCameras({
      ...options,
      url,
      pace: disturbed ? 'real-time' : 'at-once',
      signal: stop.signal,
      onAcknowledged: () => {
        acknowledgedCount += 1;
      },
    });
    const acknowledged = await Promise.race([cameras, service.died]).finally(() => clearInterval(ticker));
    const kills = await killing;
    await service.untilReady();
    await untilSettled(url, acknowledged.length);
    await service.stop();
    return { acknowledged, kills, outcome: await readOutcome(dataDir, acknowledged) };
  } finally {
    stop.abort();
    await service.stop();
  }
}

/** Until nothing waits in the log; what is missing after that is missing. */
async function untilSettled(url: string, acknowledged: number): Promise<void> {
  const headers = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };
  const deadlineMs = performance.now() + SETTLED_WITHIN_MS;
  for (let quiet = 0; quiet < 3 && performance.now() < deadlineMs; ) {
    await sleep(1_000);
    const [status, captures] = await Promise.all(
      ['status', 'captures?page_size=1&state=queued'].map(async (path) => {
        const answer = await fetch(`${url}/api/${path}`, { headers }).catch(() => null);
        return answer?.ok ? ((await answer.json()) as { lag?: { records: number }[]; total?: number }) : {};
      }),
    );
    const waiting = status?.lag?.reduce((sum, { records }) => sum + records, 0);
    quiet = waiting === 0 && captures?.total === 0 ? quiet + 1 : 0;
    if (acknowledged === 0) return;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((settle) => probe.listen(0, '127.0.0.1', settle));
  const address = probe.address();
  await new Promise((settle) => probe.close(settle));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
