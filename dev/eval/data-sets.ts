import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SHARED_DATA } from '../shared-data.ts';
import { readClip } from '../simulate/clip.ts';
import { readMotSequence } from './mot.ts';

/** Pictures in which people have marked everybody. */
export interface DataSet {
  readonly name: string;
  readonly pictures: readonly TruePicture[];
}

interface TruePicture {
  readonly path: string;
  readonly boxes: readonly PixelBox[];
}

interface PixelBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The pictures that were held out of training. Boxes of teachers do not count as truth. */
export function readHeldOut(folder: string): DataSet {
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xf', join(SHARED_DATA, 'train-person.tar'), '-C', folder]);
  const { images } = JSON.parse(readFileSync(join(folder, 'labels.json'), 'utf8')) as {
    images: Record<string, { split: string; boxes: [number, number, number, number, string][] }>;
  };
  const held = Object.entries(images).filter(([, { split }]) => split === 'val');
  return {
    name: 'held out',
    pictures: held.map(([name, { boxes }]) => ({
      path: join(folder, name),
      boxes: boxes
        .filter(([, , , , kind]) => kind === 'gt')
        .map(([left, top, right, bottom]) => ({
          left: left * PACK.width,
          top: top * PACK.height,
          width: (right - left) * PACK.width,
          height: (bottom - top) * PACK.height,
        })),
    })),
  };
}

const PACK = { width: 320, height: 240 };

/** One of the two sequences of the MOTChallenge. */
export function readSequence(name: string): DataSet {
  const { frames } = readMotSequence(join(SHARED_DATA, 'mot', name));
  return { name, pictures: frames.map(({ path, truth }) => ({ path, boxes: truth })) };
}

/** Wider than any clip of ours: each is looked at as it is. */
const WIDTH_MAX = 4_096;

/** Frames of a clip as JPEGs, so many a second, by way of the simulator's; null where it, or ffmpeg, is not there. */
export async function readFrames(clip: string, fps: number): Promise<readonly Buffer[] | null> {
  const file = join(SHARED_DATA, 'clips', clip);
  const jpegs: Buffer[] = [];
  try {
    const pictures = readClip({ file, fps, widthMax: WIDTH_MAX, secondsMax: Number.POSITIVE_INFINITY });
    for await (const { jpeg } of pictures) jpegs.push(jpeg);
  } catch {
    return null;
  }
  return jpegs;
}
