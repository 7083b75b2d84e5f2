/**
 * `npm run fuzz:ingest -- --requests 100000 --seed 1`: malformed requests over real sockets to an `npm start` of its own,
 * without rate limits. Fails on any answer that says the fault is ours, on a crash, and on memory that keeps growing.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { findFreePort } from '../ports/free-ports.ts';
import { median } from './bench/median.ts';
import { createDeath, createServiceProcess, untilReady } from './crash/service-process.ts';
import { type RawAnswer, rawRequest } from './fuzz/raw-request.ts';
import { craftRequest, type Target } from './fuzz/requests.ts';
import { enrol } from './simulate/enrol.ts';
import { createRandom } from './simulate/random.ts';
import { createScene } from './simulate/scene.ts';
import { createUploader } from './simulate/upload.ts';

const AT_ONCE = 32;
const ANSWER_WITHIN_MS = 2_000;
const PROGRESS_EVERY_MS = 10_000;
const SHOWN_MAX = 10;
/** What the service comes to after so large a share of the requests is what it may have at the end, and a little more. */
const WARM_SHARE = 0.3;
const GROWTH_MAX_MB = 48;
const PASSWORD = 'only-for-this-run';
const DEVICE = 'fuzzed';

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const [requests, seed] = [Number(values.requests), Number(values.seed)];
if (!Number.isSafeInteger(requests) || requests < 1 || !Number.isSafeInteger(seed)) {
  console.error('Usage: npm run fuzz:ingest -- [--requests 100000] [--seed 1]');
  process.exitCode = 2;
} else {
  process.exitCode = await fuzz();
}

async function fuzz(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'passerby-fuzz-'));
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const { died, tell } = createDeath();
  const service = createServiceProcess({
    program: 'dev/all.ts',
    env: {
      ...{ DATABASE_URL: '', DATA_DIR: join(folder, 'data'), PORT: String(port), ADMIN_PASSWORD: PASSWORD },
      ...{ DEVICE_RATE: '0', OWNER_RATE: '0', ADDRESS_RATE: '0', LOG_LEVEL: 'error' },
    },
    logFile: join(folder, 'service.log'),
    onDied: tell,
  });
  let clean = false;
  const tally = { sent: 0, answered: 0, serverErrors: 0, crashes: 0, statuses: new Map<number, number>() };
  try {
    service.start();
    await Promise.race([untilReady(url), died]);
    const tokens = await enrol({ url, consoleUrl: url, password: PASSWORD, deviceIds: [DEVICE] });
    const jpeg = await createScene({ seed, camera: DEVICE, fps: 5 }).render(0);
    const target: Target = { deviceId: DEVICE, token: tokens.get(DEVICE) ?? '', jpeg, nowMs: Date.now() };
    const memory: { sent: number; bytes: number }[] = [];
    const look = async () => void memory.push({ sent: tally.sent, bytes: await residentBytes(url) });
    const ticker = setInterval(() => console.log(`${tally.sent} sent, ${describe(tally.statuses)}`), PROGRESS_EVERY_MS);
    const watcher = setInterval(() => void look().catch(() => undefined), 1_000);
    const worker = async () => {
      for (let index = tally.sent++; index < requests; index = tally.sent++) {
        const bytes = craftRequest(createRandom(seed, 'request', index), target);
        note(index, await rawRequest(port, bytes, ANSWER_WITHIN_MS));
      }
    };
    await Promise.race([Promise.all(Array.from({ length: AT_ONCE }, worker)), died]).finally(() => {
      clearInterval(ticker);
      clearInterval(watcher);
    });
    tally.sent = requests;
    // What is still under way ends, and what was thrown away is collected.
    await sleep(3_000);
    await look();
    const upload = createUploader({ url, timeoutMs: 10_000, tokens });
    const last = await upload({ deviceId: DEVICE, seq: 1, capturedAtMs: Date.now(), jpeg });
    if (last.status > 299) throw new Error(`a good frame is refused after all this: ${last.status} ${last.problem}`);
    return report(growthMb(memory));
  } catch (error) {
    tally.crashes += 1;
    console.error(error instanceof Error ? error.message : error);
    return report(0);
  } finally {
    await service.stop();
    if (clean) rmSync(folder, { recursive: true, force: true });
    else console.error(`kept for inspection: ${folder}`);
  }

  function note(index: number, { statuses, text }: RawAnswer): void {
    if (statuses.length > 0) tally.answered += 1;
    for (const status of statuses) {
      tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
      if (status < 500) continue;
      tally.serverErrors += 1;
      if (tally.serverErrors <= SHOWN_MAX) console.error(`request ${index} of seed ${seed}: ${text.slice(-600)}`);
    }
  }

  function report(rssGrowthMb: number): number {
    console.log(describe(tally.statuses));
    const { sent, serverErrors, crashes } = tally;
    console.log(
      `requests=${sent} server_errors=${serverErrors} crashes=${crashes} rss_growth_mb=${rssGrowthMb.toFixed(1)}`,
    );
    // A run in which next to nothing was answered has shown nothing.
    const shown = tally.answered > sent / 2;
    if (!shown) console.error(`only ${tally.answered} requests were answered`);
    clean = shown && serverErrors === 0 && crashes === 0 && rssGrowthMb < GROWTH_MAX_MB;
    return clean ? 0 : 1;
  }
}

function growthMb(memory: readonly { readonly sent: number; readonly bytes: number }[]): number {
  const from = requests * WARM_SHARE;
  const warm = memory.filter(({ sent }) => sent >= from && sent < from * 2).map(({ bytes }) => bytes);
  const last = memory.filter(({ sent }) => sent >= requests * 0.9).map(({ bytes }) => bytes);
  return (median(last) - median(warm)) / 2 ** 20;
}

async function residentBytes(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1] ?? 0);
}

function describe(statuses: ReadonlyMap<number, number>): string {
  return [...statuses]
    .toSorted(([a], [b]) => a - b)
    .map(([status, count]) => `${status}×${count}`)
    .join(' ');
}
