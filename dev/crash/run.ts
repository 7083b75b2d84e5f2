import { mkdirSync, rmSync } from 'node:fs';
import { type Acknowledged, deviceName, runCameras } from './cameras.ts';
import { type Blow, carryOut } from './kills.ts';
import type { Outcome } from './outcome.ts';
import type { Resume, Target, TargetOptions } from './target.ts';
import { untilQuiet } from './until-quiet.ts';

export interface RunOptions {
  readonly createTarget: (options: TargetOptions) => Promise<Target>;
  readonly dataDir: string;
  readonly seed: number;
  readonly seconds: number;
  readonly devices: number;
  readonly fps: number;
  /** Null leaves it undisturbed, and sends the frames as fast as they are taken: their times are their own. */
  readonly plan: ((blows: Target['blows']) => readonly Blow[]) | null;
  readonly onProgress: (line: string) => void;
}

export interface Ran {
  readonly acknowledged: readonly Acknowledged[];
  readonly kills: number;
  readonly outcome: Outcome;
  readonly resumes: readonly Resume[];
}

const PROGRESS_EVERY_MS = 10_000;
const SETTLED_WITHIN_MS = 120_000;

/** One run from an empty folder: start, send everything, strike or not, wait until all is analysed, stop, look. */
export async function run(options: RunOptions): Promise<Ran> {
  const { dataDir, plan, onProgress } = options;
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(`${dataDir}.log`, { force: true });
  mkdirSync(dataDir, { recursive: true });
  const target = await options.createTarget({ dataDir, onProgress });
  const stop = new AbortController();
  try {
    const url = await target.start();
    const tokens = await target.enrol(Array.from({ length: options.devices }, (_, index) => deviceName(index)));
    let acknowledgedCount = 0;
    const ticker = setInterval(() => onProgress(`${acknowledgedCount} acknowledged`), PROGRESS_EVERY_MS);
    const striking = carryOut(plan?.(target.blows) ?? [], { target, signal: stop.signal, onStruck: onProgress });
    const cameras = runCameras({
      ...options,
      url,
      tokens,
      pace: plan ? 'real-time' : 'at-once',
      signal: stop.signal,
      onAcknowledged: () => {
        acknowledgedCount += 1;
      },
    });
    const both = Promise.all([cameras, striking]);
    const [acknowledged, kills] = await Promise.race([both, target.died]).finally(() => clearInterval(ticker));
    // What is missing after that is missing.
    await Promise.race([untilQuiet(target.isQuiet, SETTLED_WITHIN_MS), target.died]);
    const outcome = await target.finish(acknowledged);
    return { acknowledged, kills, outcome, resumes: target.resumes ?? [] };
  } finally {
    stop.abort();
    await target.close();
  }
}
