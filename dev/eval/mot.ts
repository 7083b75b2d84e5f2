import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A sequence in the MOTChallenge's format: pictures in `img1`, and in `gt/gt.txt` who is where in which of them. */
export interface MotSequence {
  readonly name: string;
  /** As `seqinfo.ini` says; null where there is none. */
  readonly fps: number | null;
  readonly frames: readonly MotFrame[];
}

export interface MotFrame {
  readonly path: string;
  readonly truth: readonly MotBox[];
}

/** In pixels. */
export interface MotBox {
  readonly id: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export function readMotSequence(folder: string): MotSequence {
  const truth = readTruth(readFileSync(join(folder, 'gt/gt.txt'), 'utf8'));
  const info = join(folder, 'seqinfo.ini');
  const pictures = readdirSync(join(folder, 'img1')).filter((file) => /\.jpe?g$/i.test(file));
  return {
    name: basename(folder),
    fps: existsSync(info) ? readFps(readFileSync(info, 'utf8')) : null,
    frames: pictures.sort().map((file) => ({
      path: join(folder, 'img1', file),
      truth: truth.get(Number.parseInt(file, 10)) ?? [],
    })),
  };
}

/** The folders below one that are sequences, or that one itself. */
export function findMotSequences(folder: string): readonly string[] {
  const isSequence = (path: string) => existsSync(join(path, 'gt/gt.txt')) && existsSync(join(path, 'img1'));
  if (isSequence(folder)) return [folder];
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter(isSequence);
}

/** By frame. What is marked not to count is left out, and so is whatever is no pedestrian in the sets that say. */
export function readTruth(text: string): ReadonlyMap<number, readonly MotBox[]> {
  const frames = new Map<number, MotBox[]>();
  for (const line of text.split('\n').filter((line) => line.trim())) {
    const [frame = 0, id = 0, left = 0, top = 0, width = 0, height = 0, counts = 1, kind = 1, , more] = line
      .split(',')
      .map(Number);
    // Of ten columns the last three are a place in the world, and the eighth is no class.
    const isPedestrian = more !== undefined || kind === 1;
    if (counts === 0 || !isPedestrian) continue;
    frames.set(frame, [...(frames.get(frame) ?? []), { id, left, top, width, height }]);
  }
  return frames;
}

export function readFps(info: string): number | null {
  const [, fps] = /^\s*frameRate\s*=\s*([\d.]+)\s*$/im.exec(info) ?? [];
  return fps !== undefined && Number(fps) > 0 ? Number(fps) : null;
}

/** As the MOTChallenge's scorers read it: frames count from 1, and what it has no words for is -1. */
export function writeMot(frames: readonly (readonly MotBox[])[]): string {
  return frames
    .flatMap((boxes, at) =>
      boxes.map(({ id, left, top, width, height }) => {
        const place = [left, top, width, height].map((pixels) => pixels.toFixed(2));
        return `${[at + 1, id, ...place, 1, -1, -1, -1].join(',')}\n`;
      }),
    )
    .join('');
}
