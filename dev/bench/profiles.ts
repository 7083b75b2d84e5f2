import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import sharp from 'sharp';
import { motionGrid } from '../../processor/motion.ts';
import { createEmbeddedTarget } from '../crash/embedded.ts';
import { createKafkaTarget } from '../crash/kafka.ts';
import type { Target, TargetOptions } from '../crash/target.ts';
import { createScene } from '../simulate/scene.ts';
import { createUploader } from '../simulate/upload.ts';

/**
 * `npm run bench:profiles`: frames a second from the first upload until the tables say that all are analysed, in each
 * profile on this machine, servers included; and what sharp alone decodes of the same pictures on all cores. All take
 * turns.
 */
const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '8' },
    frames: { type: 'string', default: '250' },
    rounds: { type: 'string', default: '3' },
  },
});
const [devices = 0, framesEach = 0, rounds = 0] = [values.devices, values.frames, values.rounds].map(Number);
const FPS = 5;
const BASE_MS = Date.UTC(2026, 0, 5, 22, 0, 0);
const LOOK_EVERY_MS = 100;
const TRIES_MAX = 50;
const RETRY_PAUSE_MS = 50;
const RESULTS = new URL('./results/profiles.json', import.meta.url);

type Frames = ReadonlyMap<string, readonly Buffer[]>;

/** Made before anything is measured. */
async function render(): Promise<Frames> {
  const frames = new Map<string, Buffer[]>();
  for (let device = 1; device <= devices; device += 1) {
    const scene = createScene({ seed: 1, camera: device, fps: FPS });
    const jpegs: Buffer[] = [];
    for (let at = 0; at < framesEach; at += 1) jpegs.push(await scene.render(at));
    frames.set(`bench-${device}`, jpegs);
  }
  return frames;
}

async function sendAll(url: string, tokens: ReadonlyMap<string, string>, frames: Frames): Promise<void> {
  const upload = createUploader({ url, timeoutMs: 15_000, tokens });
  const sendOne = async (deviceId: string, jpeg: Buffer, at: number) => {
    const frame = { deviceId, seq: at + 1, capturedAtMs: BASE_MS + (at * 1_000) / FPS, jpeg };
    for (let tries = 1; ; tries += 1) {
      const answer = await upload(frame);
      if (answer.itemId !== null) return;
      if (tries === TRIES_MAX) throw new Error(`a frame was not taken: ${answer.status} ${answer.problem}`);
      await sleep(answer.retryAfterMs ?? RETRY_PAUSE_MS);
    }
  };
  // One after the other, as a camera does.
  const sendDevice = async ([deviceId, jpegs]: readonly [string, readonly Buffer[]]) => {
    for (const [at, jpeg] of jpegs.entries()) await sendOne(deviceId, jpeg, at);
  };
  await Promise.all([...frames].map(sendDevice));
}

async function measureProfile(createTarget: (options: TargetOptions) => Promise<Target>, frames: Frames) {
  const folder = mkdtempSync(join(tmpdir(), 'passerby-bench-'));
  const target = await createTarget({ dataDir: join(folder, 'data'), onProgress: () => undefined });
  try {
    const url = await target.start();
    const tokens = await target.enrol([...frames.keys()]);
    const startMs = performance.now();
    await Promise.race([sendAll(url, tokens, frames), target.died]);
    const takenMs = performance.now() - startMs;
    const count = devices * framesEach;
    while ((await Promise.race([target.analysed(), target.died])) < count) await sleep(LOOK_EVERY_MS);
    const doneMs = performance.now() - startMs;
    return { taken: (count * 1_000) / takenMs, done: (count * 1_000) / doneMs };
  } finally {
    await target.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureSharp(frames: Frames) {
  const { columns, rows } = motionGrid;
  const limit = pLimit(availableParallelism());
  // As the processor has it: threads inside one picture only get in each other's way.
  sharp.concurrency(1);
  const startMs = performance.now();
  const decoding = [...frames.values()]
    .flat()
    .map((jpeg) =>
      limit(() =>
        sharp(jpeg).resize(columns, rows, { fit: 'fill', kernel: 'linear' }).toColourspace('b-w').raw().toBuffer(),
      ),
    );
  await Promise.all(decoding);
  const perSecond = (decoding.length * 1_000) / (performance.now() - startMs);
  return { taken: perSecond, done: perSecond };
}

const frames = await render();
const sides = {
  embedded: () => measureProfile(createEmbeddedTarget, frames),
  kafka: () => measureProfile(createKafkaTarget, frames),
  sharp: () => measureSharp(frames),
};
type Side = keyof typeof sides;
const names = Object.keys(sides) as Side[];
const rates: Record<Side, { taken: number; done: number }[]> = { embedded: [], kafka: [], sharp: [] };
for (let round = 0; round < rounds; round += 1) {
  for (const side of round % 2 ? names.toReversed() : names) {
    const rate = await sides[side]();
    rates[side].push(rate);
    console.log(`round ${round + 1}, ${side}: ${Math.round(rate.done)} frames/s`);
  }
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
const doneOf = (side: Side) => median(rates[side].map(({ done }) => done));
const results = {
  devices,
  framesEach,
  rounds,
  node: process.versions.node,
  cores: availableParallelism(),
  ...Object.fromEntries(
    names.map((side) => [
      side,
      {
        takenPerSecond: Math.round(median(rates[side].map(({ taken }) => taken))),
        donePerSecond: Math.round(doneOf(side)),
        ofSharp: Number((doneOf(side) / doneOf('sharp')).toFixed(3)),
      },
    ]),
  ),
  kafkaOfEmbedded: Number((doneOf('kafka') / doneOf('embedded')).toFixed(2)),
};
writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
console.log(JSON.stringify(results, null, 2));
