import { hash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import sharp from 'sharp';
import { readConfig } from '../../http/read-config.ts';
import { openS3Blobs } from '../../ports/blobs/s3.ts';
import { s3Config } from '../../ports/blobs/s3-config.ts';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { modelOptionsOf } from '../../ports/detector/config.ts';
import { openModel } from '../../ports/detector/model.ts';
import { findFreePort } from '../../ports/free-ports.ts';
import { kafkaConfig } from '../../ports/log/kafka/config.ts';
import { createKafkaLog } from '../../ports/log/kafka.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import { frameId } from '../../schemas/identity.ts';
import { logTopics } from '../../schemas/topics.ts';
import type { Frame, Lane } from '../../schemas/types.ts';
import { createServiceProcess, untilReady } from '../crash/service-process.ts';
import { percentiles } from '../simulate/report.ts';
import { createScene } from '../simulate/scene.ts';
import { startServers } from '../stack/start-servers.ts';
import { median } from './median.ts';

/**
 * `npm run bench:processor`: what a frame costs the processor, end to end: read from Kafka, fetched from S3, decoded,
 * looked at where something moves, stepped, and committed with its state; for an empty scene, one walker, a crowd, and a
 * day of which nine tenths are still (`--rounds 3` of `--frames 1200` each). Right before and after each, the raw sum of
 * library calls: sharp's decode and resize to the detector's input, and one inference in one thread; machines change
 * their pace within a minute. Then ten cameras at five frames a second for `--minutes 10`, and how far the processor lags
 * behind them; `--late 100000` has another camera send so many frames of yesterday at once. `--processors 1,2,3` shows
 * how it scales; `--only scenes,live` leaves out the other.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'scenes,live' },
    minutes: { type: 'string', default: '10' },
    processors: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    frames: { type: 'string', default: '1200' },
    late: { type: 'string', default: '0' },
  },
});
const wants = (part: string) => values.only.split(',').includes(part);
const processorCounts = values.processors.split(',').map(Number);
const [minutes, rounds, framesPerRound] = [Number(values.minutes), Number(values.rounds), Number(values.frames)];
const lateFrames = Number(values.late);
const FPS = 5;
const PARTITIONS = 6;
const DEVICES_PER_SCENE = 4;
const LIVE_DEVICES = 10;
const SECONDS_FILMED = 60;
/** Before that, for what is compiled and connected on first use. */
const WARM_SECONDS = 15;
const SIZE = { width: 640, height: 480 };
const CROWD = 5;
const RESULTS = new URL('./results/processor.json', import.meta.url);

type SceneName = 'empty' | 'walker' | 'crowd' | 'day';
type Stored = Pick<Frame, 'size_bytes' | 'sha256'>;

const folder = mkdtempSync(join(tmpdir(), 'passerby-bench-'));
const logger = pino({ level: 'silent' });
/** What the records say of the pictures, by their keys. */
const stored = new Map<string, Stored>();
const stack = await startServers({ folder });
const env = { ...stack.env, KAFKA_PARTITIONS: String(PARTITIONS), DETECTOR_THREADS: '1', LOG_LEVEL: 'warn' };
const blobs = await openS3Blobs({ config: readConfig(s3Config, env), logger, missing: 'make' });
const kafka = { config: readConfig(kafkaConfig, env), name: 'bench', topics: logTopics, clock, logger };
const log = await createKafkaLog(kafka);
const processors = await Promise.all(Array.from({ length: Math.max(...processorCounts) }, describeProcessor));

try {
  const films = await filmAll();
  const scenes = wants('scenes') ? await measureScenes(films) : null;
  const live = wants('live') ? await measureLive(films) : null;
  const results = {
    node: process.versions.node,
    cores: availableParallelism(),
    framesPerRound,
    rounds,
    frameBytes: Math.round(median(films.walker.map(({ length }) => length))),
    ...scenes,
    live,
  };
  console.log(JSON.stringify(results, null, 2));
  if (wants('scenes') && wants('live')) writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  const lag = live?.lagP95S ?? '-';
  console.log(`raw_ratio=${scenes?.rawRatio ?? '-'} gated_speedup=${scenes?.gatedSpeedup ?? '-'} lag_p95_s=${lag}`);
} finally {
  await Promise.all(processors.map(({ service }) => service.stop()));
  await log.close();
  blobs.close();
  await stack.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

async function describeProcessor() {
  const port = await findFreePort();
  const service = createServiceProcess({
    program: 'processor/main.ts',
    env: { ...env, PORT: String(port) },
    logFile: join(folder, `processor-${port}.log`),
    onDied: (error) => {
      console.error(readFileSync(join(folder, `processor-${port}.log`), 'utf8'));
      throw error;
    },
  });
  return { service, url: `http://127.0.0.1:${port}` };
}

/** Made and stored before anything is measured; frame records name the same pictures again and again. */
async function filmAll(): Promise<Record<SceneName, readonly Buffer[]>> {
  const walker = await film((people) => people === 1);
  const empty = await film((people) => people === 0);
  const crowd = await film((people) => people >= 3, CROWD);
  // Six seconds of a minute somebody is there.
  const [some, half] = [walker.length / 10, empty.length / 2];
  const day = [...empty.slice(0, half), ...walker.slice(0, some), ...empty.slice(half, empty.length - some)];
  const films = { empty, walker, crowd, day };
  for (const [name, film] of Object.entries(films)) {
    for (const [at, jpeg] of film.entries()) {
      await blobs.put(blobKeyOf(name, at), jpeg);
      stored.set(blobKeyOf(name, at), { size_bytes: jpeg.length, sha256: hash('sha256', jpeg, 'buffer') });
    }
  }
  return films;
}

/** A minute of frames that show as many people as wanted, one after the other as far as that goes. */
async function film(isWanted: (people: number) => boolean, crowd = 0): Promise<readonly Buffer[]> {
  const scene = createScene({ seed: 1, camera: 'bench', fps: FPS, crowd });
  const jpegs: Buffer[] = [];
  for (let at = 0; jpegs.length < SECONDS_FILMED * FPS; at += 1) {
    if (!isWanted(scene.truth(at).length)) continue;
    const small = await scene.render(at);
    jpegs.push(await sharp(small).resize(SIZE.width, SIZE.height).jpeg({ quality: 88 }).toBuffer());
  }
  return jpegs;
}

function storedAs(blobKey: string): Stored {
  const known = stored.get(blobKey);
  if (!known) throw new Error(`${blobKey} was not filmed`);
  return known;
}

function blobKeyOf(film: string, at: number): string {
  return `bench/${film}/${at}.jpg`;
}

async function measureScenes(films: Record<SceneName, readonly Buffer[]>) {
  const model = await openModel({ ...modelOptionsOf({}), threads: 1 });
  const names = Object.keys(films) as SceneName[];
  const scales: Record<number, object> = {};
  let first: { readonly rawRatio: number; readonly gatedSpeedup: number } | null = null;
  for (const count of processorCounts) {
    await useProcessors(count);
    await feed('walker', `warm-${count}`, films.walker.length);
    const rates: Record<SceneName, Measured[]> = { empty: [], walker: [], crowd: [], day: [] };
    let rawBeforeMs = await measureRaw(model, films.walker);
    for (let round = 0; round < rounds; round += 1) {
      for (const name of round % 2 ? names.toReversed() : names) {
        const fed = await feed(name, `${name}-${count}-${round}`, films[name].length);
        const rawAfterMs = await measureRaw(model, films.walker);
        const rawMs = rounded((rawBeforeMs + rawAfterMs) / 2);
        rawBeforeMs = rawAfterMs;
        rates[name].push({ ...fed, rawMs });
        console.error(`${count} processors, round ${round + 1}, ${name}: ${JSON.stringify({ ...fed, rawMs })}`);
      }
    }
    const told = Object.fromEntries(names.map((name) => [name, summarise(rates[name])]));
    scales[count] = told;
    first ??= { rawRatio: told.crowd?.ofRaw ?? 0, gatedSpeedup: rounded(1 / (told.day?.ofRaw ?? 1)) };
  }
  await model.close();
  return { ...first, byProcessors: scales };
}

interface Fed {
  readonly perSecond: number;
  readonly cpuMsPerFrame: number;
  /** The share of frames at which the detector looked. */
  readonly inferred: number;
}

interface Measured extends Fed {
  /** What a frame took the bare libraries, around that time. */
  readonly rawMs: number;
}

function summarise(measured: readonly Measured[]) {
  const middle = (of: (one: Measured) => number) => rounded(median(measured.map(of)));
  return {
    framesPerSecond: Math.round(middle(({ perSecond }) => perSecond)),
    cpuMsPerFrame: middle(({ cpuMsPerFrame }) => cpuMsPerFrame),
    rawMsPerFrame: middle(({ rawMs }) => rawMs),
    ofRaw: middle(({ cpuMsPerFrame, rawMs }) => cpuMsPerFrame / rawMs),
    inferred: middle(({ inferred }) => inferred),
  };
}

/** CPU milliseconds of one frame, by the bare libraries. */
async function measureRaw(model: Awaited<ReturnType<typeof openModel>>, jpegs: readonly Buffer[]): Promise<number> {
  sharp.concurrency(1);
  const { width, height } = model.understood.input;
  const began = process.cpuUsage();
  for (const jpeg of jpegs) {
    const rgb = await sharp(jpeg).resize(width, height, { fit: 'fill', kernel: 'linear' }).raw().toBuffer();
    await model.detect({ rgb, width, height, original: SIZE });
  }
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000 / jpegs.length;
}

/** So many are running, and nobody else. */
async function useProcessors(count: number): Promise<void> {
  for (const [at, { service, url }] of processors.entries()) {
    if (at < count && !service.running) service.start();
    if (at >= count && service.running) await service.stop();
    if (at < count) await untilReady(url);
  }
}

/** Appends frames of a few devices, of a film shown again and again, and waits until all are dealt with. */
async function feed(film: string, name: string, filmFrames: number): Promise<Fed> {
  const before = await readProcessors();
  const startMs = performance.now();
  const each = Math.ceil(framesPerRound / DEVICES_PER_SCENE);
  const capturedMs = Date.UTC(2026, 0, 5);
  for (let at = 0; at < each; at += 25) {
    const seqs = Array.from({ length: Math.min(25, each - at) }, (_, more) => at + more);
    const records = Array.from({ length: DEVICES_PER_SCENE }, (_, device) =>
      seqs.map((seq) => recordOf({ deviceId: `${name}-${device}`, seq, capturedMs, film, filmFrames })),
    );
    await log.append('frames', records.flat());
  }
  const all = each * DEVICES_PER_SCENE;
  // The first frame of each device may wait for a tick, and all that follow it with it.
  while ((await readProcessors()).frames - before.frames < all) await sleep(250);
  const after = await readProcessors();
  return {
    perSecond: Math.round((all * 1_000) / (performance.now() - startMs)),
    cpuMsPerFrame: rounded(((after.cpuS - before.cpuS) * 1_000) / all),
    inferred: rounded((after.inferred - before.inferred) / all),
  };
}

interface Place {
  readonly deviceId: string;
  readonly seq: number;
  readonly capturedMs: number;
  readonly film: string;
  readonly filmFrames: number;
}

function recordOf({ deviceId, seq, capturedMs, film, filmFrames }: Place, lane: Lane = 'live') {
  const captured_at = capturedMs + (seq * 1_000) / FPS;
  const value = codec.encode('frame', {
    frame_id: frameId(deviceId, 1, seq),
    device_id: deviceId,
    epoch: 1,
    seq,
    captured_at,
    device_time: null,
    time_quality: 'ntp',
    received_at: captured_at,
    blob_key: blobKeyOf(film, seq % filmFrames),
    ...storedAs(blobKeyOf(film, seq % filmFrames)),
    source: 'bench',
    lane,
  });
  return { key: deviceId, value };
}

interface Reading {
  readonly cpuS: number;
  readonly frames: number;
  readonly inferred: number;
  readonly residentMb: number;
}

async function readProcessors(): Promise<Reading> {
  const running = processors.filter(({ service }) => service.running);
  const texts = await Promise.all(running.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  const sumOf = (metric: string, without = '\0') =>
    texts
      .flatMap((text) => text.split('\n'))
      .filter((line) => line.startsWith(metric) && !line.includes(without))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  return {
    cpuS: sumOf('process_cpu_seconds_total'),
    frames: sumOf('passerby_processor_frames_total', '"duplicate"'),
    inferred: sumOf('passerby_processor_stage_seconds_count{stage="infer"'),
    residentMb: sumOf('process_resident_memory_bytes') / 2 ** 20,
  };
}

/** Ten cameras at their pace, each a minute of its own of the day and of the walker, in turns. */
async function measureLive(films: Record<SceneName, readonly Buffer[]>) {
  await useProcessors(processorCounts[0] ?? 1);
  await appendLate(films.walker.length);
  const [lagsS, residentMb]: [number[], number[]] = [[], []];
  const startMs = clock.nowMs();
  const frames = (WARM_SECONDS + minutes * 60) * FPS;
  let ended = false;
  const watch = (async () => {
    while (!ended) {
      await sleep(1_000);
      if (clock.nowMs() - startMs < WARM_SECONDS * 1_000) continue;
      const lags = await log.lag('frames', 'processor-live');
      lagsS.push(Math.max(...lags.map(({ ageMs }) => ageMs)) / 1_000);
      residentMb.push((await readProcessors()).residentMb);
    }
  })();
  const before = await readProcessors();
  await Promise.all(
    Array.from({ length: LIVE_DEVICES }, async (_, device) => {
      const film = device % 2 ? 'walker' : 'day';
      for (let seq = 0; seq < frames; seq += 1) {
        const dueMs = startMs + (seq * 1_000) / FPS + (device * 1_000) / FPS / LIVE_DEVICES;
        await sleep(Math.max(0, dueMs - clock.nowMs()));
        const place = { deviceId: `live-${device}`, seq, capturedMs: startMs, film, filmFrames: films[film].length };
        await log.append('frames', [recordOf(place)]);
      }
    }),
  );
  ended = true;
  await watch;
  const after = await readProcessors();
  const [p50, p95, most] = percentiles(lagsS, [0.5, 0.95, 1]);
  const [early, late] = [residentMb.slice(0, 30), residentMb.slice(-30)].map(median);
  const backlog = await log.lag('backlog', 'processor-backlog');
  return {
    framesPerSecond: LIVE_DEVICES * FPS,
    minutes,
    lateFrames,
    lateFramesLeft: Number(backlog.reduce((sum, { records }) => sum + records, 0n)),
    lagP50S: p50,
    lagP95S: p95,
    lagMaxS: most,
    cpuMsPerFrame: rounded(((after.cpuS - before.cpuS) * 1_000) / (frames * LIVE_DEVICES)),
    inferred: rounded((after.inferred - before.inferred) / (frames * LIVE_DEVICES)),
    residentMbEarly: Math.round(early ?? 0),
    residentMbLate: Math.round(late ?? 0),
  };
}

/** A camera that was without a network for hours, and has it back. */
async function appendLate(filmFrames: number): Promise<void> {
  const capturedMs = clock.nowMs() - 24 * 3_600_000;
  for (let seq = 0; seq < lateFrames; seq += 500) {
    const seqs = Array.from({ length: Math.min(500, lateFrames - seq) }, (_, more) => seq + more);
    const places = seqs.map((seq) => ({ deviceId: 'late', seq, capturedMs, film: 'walker', filmFrames }));
    await log.append(
      'backlog',
      places.map((place) => recordOf(place, 'backlog')),
    );
  }
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
