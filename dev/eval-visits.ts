import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findFreePort } from '../ports/free-ports.ts';
import { createServiceProcess, untilReady } from './crash/service-process.ts';
import { type FoundVisit, scoreVisits } from './eval/visits.ts';
import { readWatchedClip, trueVisits } from './eval/watched-clips.ts';
import { SHARED_DATA } from './shared-data.ts';
import { basicAuthorization } from './simulate/basic-authorization.ts';
import { startServers } from './stack/start-servers.ts';

/**
 * `npm run eval:visits [-- --profile embedded|kafka --fps 5]`: a real clip, played by `npm run simulate -- --video` into a
 * system that is made for it, and the visits that come of it beside those that a person saw there: by when they were to be
 * seen at all, and by when about half of them was.
 */
const CLIP = 'one-by-one';
const START = '2026-01-05T22:00:00Z';
const PASSWORD = 'only-for-this-run';
const SETTLED_WITHIN_MS = 180_000;
const LOOK_EVERY_MS = 1_000;

const { values } = parseArgs({
  options: { profile: { type: 'string', default: 'embedded' }, fps: { type: 'string', default: '5' } },
});
const watched = readWatchedClip(CLIP);
const file = join(SHARED_DATA, 'clips', watched.clip);
if (!existsSync(file)) {
  console.error(
    `There is no ${file}: SHARED_DATA names the folder of the clips, which are not part of this repository.`,
  );
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'passerby-visits-'));
const stops: (() => Promise<unknown>)[] = [];
try {
  const { ingest, console: consoleUrl } = await (values.profile === 'kafka' ? startKafka() : startEmbedded());
  await simulate(ingest, consoleUrl);
  report(await visitsOf(consoleUrl));
} finally {
  for (const stop of stops.toReversed()) await stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

interface Urls {
  readonly ingest: string;
  readonly console: string;
}

async function startEmbedded(): Promise<Urls> {
  const url = await start('dev/all.ts', { DATABASE_URL: '', DATA_DIR: join(folder, 'data') });
  return { ingest: url, console: url };
}

async function startKafka(): Promise<Urls> {
  const stack = await startServers({ folder });
  stops.push(() => stack.stop());
  const services = ['ingest', 'processor', 'aggregator', 'console'].map((name) => start(`${name}/main.ts`, stack.env));
  const [ingest = '', , , consoleUrl = ''] = await Promise.all(services);
  return { ingest, console: consoleUrl };
}

async function start(program: string, env: Readonly<Record<string, string>>): Promise<string> {
  const port = await findFreePort();
  const service = createServiceProcess({
    program,
    env: { ...env, PORT: String(port), ADMIN_PASSWORD: PASSWORD, LOG_LEVEL: 'warn', HEARTBEAT_INTERVAL_S: '3600' },
    logFile: join(folder, `${port}.log`),
    onDied: (error) => {
      throw error;
    },
  });
  service.start();
  stops.push(() => service.stop());
  await untilReady(`http://127.0.0.1:${port}`);
  return `http://127.0.0.1:${port}`;
}

async function simulate(ingest: string, consoleUrl: string): Promise<void> {
  const options = { video: file, fps: values.fps, start: START, url: ingest, console: consoleUrl, password: PASSWORD };
  const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const run = ['run.mjs', 'simulate.ts'].map((name) => fileURLToPath(new URL(name, import.meta.url)));
  const child = spawn(process.execPath, [...run, ...given, '--at-once'], { stdio: 'inherit' });
  const status = await new Promise((settle) => child.once('exit', settle));
  if (status !== 0) throw new Error(`npm run simulate ended with ${status}`);
}

interface EventAnswer {
  readonly timestamp: string;
  readonly ended_at: string | null;
  readonly event_data: { readonly person_id: string };
}

/** Once the last one is over, which the camera's silence ends. */
async function visitsOf(consoleUrl: string): Promise<readonly FoundVisit[]> {
  const headers = { authorization: basicAuthorization({ password: PASSWORD }) };
  const deadlineMs = performance.now() + SETTLED_WITHIN_MS;
  for (;;) {
    await sleep(LOOK_EVERY_MS);
    const [visits, captures] = await Promise.all(
      ['events?event_type=visit&page_size=500', 'captures?state=queued&page_size=1'].map(async (path) => {
        const answer = await fetch(`${consoleUrl}/api/${path}`, { headers });
        return (await answer.json()) as { readonly total: number; readonly events: readonly EventAnswer[] };
      }),
    );
    const events = visits?.events ?? [];
    if (captures?.total === 0 && events.length > 0 && events.every(({ ended_at }) => ended_at !== null)) {
      return events.map(({ timestamp, ended_at, event_data }) => ({
        openedAtMs: Date.parse(`${timestamp}Z`),
        endedAtMs: Date.parse(`${ended_at}Z`),
        personId: event_data.person_id,
      }));
    }
    if (performance.now() > deadlineMs) throw new Error('the visits did not come to an end');
  }
}

function report(found: readonly FoundVisit[]): void {
  const startMs = Date.parse(START);
  const [half, visible] = (['by-half', 'at-all'] as const).map((seen) =>
    scoreVisits({ found, truth: trueVisits(watched, { startMs, seen }) }),
  );
  const seconds = (ms = Number.NaN) => Number((ms / 1_000).toFixed(1));
  console.table(
    half?.matched.map(({ found, truth, ...errors }, at) => ({
      person: truth.person.slice(0, 40),
      'found from': seconds(found.openedAtMs - startMs),
      until: seconds(found.endedAtMs - startMs),
      dwell: seconds(found.endedAtMs - found.openedAtMs),
      'error by half': seconds(errors.dwellErrorMs),
      'error by all': seconds(visible?.matched[at]?.dwellErrorMs),
    })),
  );
  const people = new Set(found.map(({ personId }) => personId)).size;
  console.log(
    `visits=${found.length} of=${half?.trueCount} people=${people} missed=${half?.missed.length} extra=${half?.extra.length} ` +
      `dwell_error_s=${seconds(half?.medianErrorMs?.dwell)} dwell_error_of_visible_s=${seconds(visible?.medianErrorMs?.dwell)}`,
  );
}
