import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { migrations } from '../../aggregator/aggregator.ts';
import { createDeviceAccess, deviceAccessConfig } from '../../http/access/devices/device-access.ts';
import { readConfig } from '../../http/read-config.ts';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { migratePostgresLog } from '../../ports/log/postgres.ts';
import { startEmbeddedServer } from '../../ports/store/embedded/server.ts';
import { migrate } from '../../ports/store/migrate.ts';
import { createPostgresStore } from '../../ports/store/postgres.ts';
import { createEmbeddedTarget } from '../crash/embedded.ts';
import { enrolHere } from '../simulate/enrol-here.ts';
import { percentiles } from '../simulate/report.ts';
import { createScene } from '../simulate/scene.ts';
import { createUploader } from '../simulate/upload.ts';
import { startServers } from '../stack/start-servers.ts';
import { median } from './median.ts';

/**
 * `npm run bench:ingest`: what the promises of ingest cost over a bare Fastify handler that parses the same multipart
 * request, does the same put and the same append, and nothing else; in either profile, both taking turns. Then ten
 * cameras at five frames a second against a whole `npm start`, people found in each. `--only embedded,kafka,live`.
 */
const DEVICES = Array.from({ length: 10 }, (_, index) => `bench-${index + 1}`);
const AT_ONCE = 32;
const FRAMES_PER_ROUND = 1_500;
const ROUNDS = 7;
const PICTURES = 20;
const LIVE_FPS = 5;
const LIVE_SECONDS = 30;
/** Before that, for what is compiled and connected on first use. */
const WARM_SECONDS = 10;
const SECRET = 'the secret of this bench, long enough';
const RESULTS = new URL('./results/ingest.json', import.meta.url);
const RUN = fileURLToPath(new URL('../run.mjs', import.meta.url));
const SERVER = fileURLToPath(new URL('./ingest-server.ts', import.meta.url));

type Profile = 'embedded' | 'kafka';
type Side = 'ingest' | 'bare';

interface Round {
  readonly perSecond: number;
  readonly latenciesMs: readonly number[];
  readonly cpuMsPerFrame: number;
}

const only = parseArgs({ options: { only: { type: 'string' } } }).values.only?.split(',');
const wants = (part: string) => only?.includes(part) ?? true;

const folder = mkdtempSync(join(tmpdir(), 'passerby-bench-'));
const children = new Set<ChildProcess>();
const jpegs = await Promise.all(
  Array.from({ length: PICTURES }, (_, at) => createScene({ seed: 1, camera: 'bench', fps: 5 }).render(at)),
);
/** Of each frame another, so that none is a duplicate. */
let sentEver = 0;

try {
  const embedded = wants('embedded') ? await compare('embedded') : null;
  const kafka = wants('kafka') ? await compare('kafka') : null;
  const live = wants('live') ? await measureLive() : null;
  const bytes = Math.round(jpegs.reduce((sum, { length }) => sum + length, 0) / jpegs.length);
  const told = { frameBytes: bytes, atOnce: AT_ONCE, framesPerRound: FRAMES_PER_ROUND, rounds: ROUNDS };
  const machine = { node: process.versions.node, cores: availableParallelism() };
  const results = { ...told, ...machine, embedded, kafka, live };
  if (only === undefined) writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  const [of, ms] = [(side: typeof kafka) => side?.ratio ?? '-', live?.p99Ms ?? '-'];
  console.log(`embedded_ratio=${of(embedded)} kafka_ratio=${of(kafka)} fps_p99_ms=${ms}`);
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

async function compare(profile: Profile) {
  const { env, stop } = await (profile === 'kafka' ? startProduction() : startEmbedded());
  try {
    const tokens = await enrolIn(env.DATABASE_URL ?? '');
    const urls = { ingest: await serve('ingest', profile, env), bare: await serve('bare', profile, env) };
    const rounds: Record<Side, Round[]> = { ingest: [], bare: [] };
    const sides: Side[] = ['ingest', 'bare'];
    // One that does not count, for what is compiled and connected on first use.
    for (const side of sides) await measure(urls[side], tokens);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const side of round % 2 ? sides.toReversed() : sides) rounds[side].push(await measure(urls[side], tokens));
    }
    const summary = { ingest: summarise(rounds.ingest), bare: summarise(rounds.bare) };
    const ratio = Number((summary.ingest.perSecond / summary.bare.perSecond).toFixed(2));
    for (const side of sides) console.log(`${profile}, ${side}: ${JSON.stringify(summary[side])}`);
    return { ...summary, ratio };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    children.clear();
    await stop();
  }
}

async function measure(url: string, tokens: ReadonlyMap<string, string>): Promise<Round> {
  const upload = createUploader({ url, timeoutMs: 30_000, tokens });
  const latenciesMs: number[] = [];
  const [cpuBefore, startMs] = [await cpuMs(url), performance.now()];
  const until = sentEver + FRAMES_PER_ROUND;
  const work = async () => {
    while (sentEver < until) {
      const at = sentEver++;
      const sentMs = performance.now();
      const answer = await upload({
        deviceId: DEVICES[at % DEVICES.length] ?? '',
        seq: at,
        capturedAtMs: clock.nowMs() + at,
        jpeg: jpegs[at % jpegs.length] ?? Buffer.alloc(0),
      });
      if (answer.status !== 202) throw new Error(`a frame was not taken: ${answer.status} ${answer.problem}`);
      latenciesMs.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const perSecond = (FRAMES_PER_ROUND * 1_000) / (performance.now() - startMs);
  return { perSecond, latenciesMs, cpuMsPerFrame: ((await cpuMs(url)) - cpuBefore) / FRAMES_PER_ROUND };
}

async function cpuMs(url: string): Promise<number> {
  const { user, system } = (await (await fetch(`${url}/cpu`)).json()) as NodeJS.CpuUsage;
  return (user + system) / 1_000;
}

function summarise(rounds: readonly Round[]) {
  const latencies = rounds.flatMap(({ latenciesMs }) => latenciesMs);
  const [p50Ms, p99Ms] = percentiles(latencies, [0.5, 0.99]);
  return {
    perSecond: Math.round(median(rounds.map(({ perSecond }) => perSecond))),
    p50Ms,
    p99Ms,
    cpuMsPerFrame: Number(median(rounds.map(({ cpuMsPerFrame }) => cpuMsPerFrame)).toFixed(2)),
  };
}

async function startEmbedded() {
  const dataDir = join(folder, 'embedded');
  mkdirSync(dataDir, { recursive: true });
  const server = await startEmbeddedServer({ folder: dataDir, log: pino({ level: 'silent' }) });
  const { connectionString } = server;
  await migratePostgresLog(connectionString);
  await migrate({ connectionString, folder: migrations, table: 'migrations' });
  return { env: { DATABASE_URL: connectionString, BLOBS_FOLDER: join(dataDir, 'blobs') }, stop: () => server.stop() };
}

async function startProduction() {
  const stack = await startServers({ folder });
  const { connectionString } = stack.postgres;
  await migrate({ connectionString, folder: migrations, table: 'migrations' });
  return { env: { ...stack.env, DATABASE_URL: connectionString, KAFKA_PARTITIONS: '4' }, stop: () => stack.stop() };
}

async function enrolIn(connectionString: string): Promise<Map<string, string>> {
  const store = createPostgresStore({ connectionString, connectionsMax: 1, name: 'bench' });
  try {
    const config = readConfig(deviceAccessConfig, {});
    const { pairings } = createDeviceAccess({ store, secret: SECRET, config, nowMs: clock.nowMs });
    return await enrolHere(pairings, DEVICES);
  } finally {
    await store.close();
  }
}

function serve(side: Side, profile: Profile, env: Readonly<Record<string, string>>): Promise<string> {
  const rates = { DEVICE_RATE: '0', OWNER_RATE: '0', ADDRESS_RATE: '0' };
  const child = spawn(process.execPath, [RUN, SERVER], {
    env: { ...process.env, ...env, ...rates, SERVER_SECRET: SECRET, SIDE: side, PROFILE: profile },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  return new Promise((settle, fail) => {
    child.stdout.once('data', (line: Buffer) => settle(line.toString().trim()));
    child.once('exit', (code) => fail(new Error(`the ${side} side ended with status ${code}`)));
  });
}

/** The whole of `npm start`, at the pace of ten cameras. */
async function measureLive() {
  const dataDir = join(folder, 'live');
  mkdirSync(dataDir, { recursive: true });
  const target = await createEmbeddedTarget({ dataDir, onProgress: () => undefined });
  try {
    const url = await target.start();
    const tokens = await target.enrol(DEVICES);
    const upload = createUploader({ url, timeoutMs: 30_000, tokens });
    const latenciesMs: number[] = [];
    const startMs = performance.now();
    const camera = async (deviceId: string, index: number) => {
      for (let at = 0; at < LIVE_FPS * (WARM_SECONDS + LIVE_SECONDS); at += 1) {
        const dueMs = startMs + (at * 1_000) / LIVE_FPS + index * 20;
        await sleep(Math.max(0, dueMs - performance.now()));
        const sentMs = performance.now();
        const jpeg = jpegs[at % jpegs.length] ?? Buffer.alloc(0);
        const answer = await upload({ deviceId, seq: at, capturedAtMs: clock.nowMs(), jpeg });
        if (answer.status !== 202) throw new Error(`a frame was not taken: ${answer.status} ${answer.problem}`);
        if (at >= LIVE_FPS * WARM_SECONDS) latenciesMs.push(performance.now() - sentMs);
      }
    };
    await Promise.race([Promise.all(DEVICES.map(camera)), target.died]);
    const analysed = await target.analysed();
    const [p50Ms, p99Ms] = percentiles(latenciesMs, [0.5, 0.99]);
    return {
      framesPerSecond: DEVICES.length * LIVE_FPS,
      p50Ms,
      p99Ms,
      analysedMeanwhile: analysed,
    };
  } finally {
    await target.close();
  }
}
