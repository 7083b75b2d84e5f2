/** Pictures out of a film or an animated GIF, by way of ffmpeg, one after another: as they are asked for, and not all at once. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createMatroskaReader, type TimedPicture } from './matroska.ts';

export interface ClipOptions {
  /** An absolute path. */
  readonly file: string;
  /** At most so many a second; of what the clip has, the first in each 1/fps. */
  readonly fps: number;
  /** Wider pictures are made smaller; narrower ones stay as they are. */
  readonly widthMax: number;
  /** Of the clip; Infinity takes all of it. */
  readonly secondsMax: number;
}

/** About 20 to 50 KB for a picture of 640 by 360, which is what cameras send. From 2, the best, to 31. */
const JPEG_QUALITY = 3;
const COMPLAINT_CHARS_MAX = 2000;
/** Where only the times are wanted. */
const TINY_WIDTH = 16;

/** Rejects when there is no ffmpeg, or it cannot read the file; ends with ffmpeg, or ends it when nobody reads on. */
export async function* readClip(options: ClipOptions): AsyncGenerator<TimedPicture, void, undefined> {
  const { file } = options;
  const ffmpeg = spawn('ffmpeg', argumentsFor(options), { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  const ended = new Promise<number | null>((settle) => ffmpeg.once('close', settle));
  const complaint = collect(ffmpeg);
  await once(ffmpeg, 'spawn').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Error(WITHOUT_FFMPEG) : error;
  });
  try {
    const take = createMatroskaReader();
    for await (const piece of ffmpeg.stdout as AsyncIterable<Buffer>) yield* take(piece);
    const status = await ended;
    if (status !== 0) throw new Error(`ffmpeg cannot read ${file}: ${complaint() || `it ended with ${status}`}`);
  } finally {
    ffmpeg.kill();
    await ended;
  }
}

/** When the pictures of the clip were taken, in ms from its start. Reads all of it, and so finds its faults. */
export async function readTimes(options: Omit<ClipOptions, 'widthMax'>): Promise<readonly number[]> {
  const timesMs: number[] = [];
  for await (const { atMs } of readClip({ ...options, widthMax: TINY_WIDTH })) timesMs.push(atMs);
  if (timesMs.length === 0) throw new Error(`there are no pictures in ${options.file}`);
  return timesMs;
}

const WITHOUT_FFMPEG =
  'there is no ffmpeg, which takes clips apart. To install it: apt install ffmpeg, brew install ffmpeg, or winget install ffmpeg';

function argumentsFor({ file, fps, widthMax, secondsMax }: ClipOptions): readonly string[] {
  // Picked, and not resampled: each keeps the time at which it was taken. The thousandth is for times that are no round
  // numbers in binary.
  const slotOf = (time: string) => `floor(${time}*${fps}+0.001)`;
  const pick = `select='isnan(prev_selected_t)+gt(${slotOf('t')},${slotOf('prev_selected_t')})'`;
  const shrink = `scale='trunc(min(${widthMax},iw)/2)*2':-2`;
  return [
    ...['-v', 'error', '-nostdin'],
    ...(secondsMax === Number.POSITIVE_INFINITY ? [] : ['-t', String(secondsMax)]),
    // A name may have a colon in it, which would be taken for a protocol.
    ...['-i', `file:${file}`],
    ...['-map', '0:v:0', '-vf', `${pick},${shrink}`],
    ...['-c:v', 'mjpeg', '-q:v', String(JPEG_QUALITY)],
    // A format with times of its own, not rounded to those of an even pace. For others ffmpeg repeats pictures until they
    // come evenly, and the option against that is called otherwise in old releases than in new ones.
    ...['-enc_time_base', '1:1000', '-f', 'matroska', 'pipe:1'],
  ];
}

/** Read all along: a pipe that nobody empties would hold ffmpeg up. */
function collect(ffmpeg: ChildProcess): () => string {
  let said = '';
  ffmpeg.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk).slice(-COMPLAINT_CHARS_MAX);
  });
  return () => said.trim().split(/\r?\n/).at(-1) ?? '';
}
