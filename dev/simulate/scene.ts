/**
 * What one camera sees: a room of its own and the people who pass through it, as JPEGs. A frame follows from
 * (seed, camera, fps, frameIndex) alone, so frames can be made in any order, and made again for a retry.
 */

import sharp from 'sharp';
import { type Figure, paintFigure } from './paint-figure.ts';
import { paintRoom } from './paint-room.ts';
import { createRandom, hashSeed, valueAt } from './random.ts';
import { createRoom, HEIGHT_PX, WIDTH_PX } from './room.ts';
import { boundsOf, createLooks, openingFor, poseFigure } from './skeleton.ts';
import { createVisitors } from './visitors.ts';

/** A person who is at least partly in the picture; the box holds the part that is, in 0..1. */
export interface TrueBox {
  readonly personId: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** How much of the person's whole box that is, for those who measure detectors and want no slivers. */
  readonly visibleShare: number;
}

export interface Scene {
  /** A JPEG of 320×240. */
  render(frameIndex: number): Promise<Buffer>;
  truth(frameIndex: number): readonly TrueBox[];
}

export interface SceneOptions {
  readonly seed: number;
  readonly camera: number | string;
  readonly fps: number;
  /** So many more come with each visitor. */
  readonly crowd?: number;
}

const JPEG_QUALITY = 80;
const NOISE_SIZE = 1 << 16;
const NOISE_SIGMA = 1.7;
const DRIFT_PERIOD_MS = 97_000;

export function createScene({ seed, camera, fps, crowd = 0 }: SceneOptions): Scene {
  const room = createRoom(seed, camera);
  const background = paintRoom(room, seed, camera);
  const visitors = createVisitors({ seed, camera, room, crowd });
  const noise = createNoise(seed, camera);
  const random = createRandom(seed, camera, 'light');
  const drift = { share: random.between(0.015, 0.035), phase: random.between(0, 2 * Math.PI) };
  const noiseSeed = hashSeed(seed, camera, 'noise rows');

  const figuresAt = (frameIndex: number): readonly Figure[] =>
    visitors
      .at((frameIndex * 1000) / fps)
      .map((stance) => {
        const looks = createLooks(seed, stance.personId);
        return { looks, stance, limbs: poseFigure(room, looks, stance), opening: openingFor(room, stance) };
      })
      .sort((a, b) => b.stance.spot.z - a.stance.spot.z);

  return {
    async render(frameIndex) {
      const pixels = new Uint8ClampedArray(background);
      for (const figure of figuresAt(frameIndex)) paintFigure(pixels, room, figure);
      const light = 1 + drift.share * Math.sin((frameIndex * 1000 * 2 * Math.PI) / fps / DRIFT_PERIOD_MS + drift.phase);
      sense(pixels, light, noise, (row) =>
        Math.floor(valueAt(noiseSeed, frameIndex, row) * (NOISE_SIZE - WIDTH_PX * 3)),
      );
      const raw = { width: WIDTH_PX, height: HEIGHT_PX, channels: 3 } as const;
      return await sharp(pixels, { raw }).jpeg({ quality: JPEG_QUALITY }).toBuffer();
    },
    truth: (frameIndex) => figuresAt(frameIndex).flatMap((figure) => trueBox(figure)),
  };
}

/** What a sensor makes of the light: a little brighter or darker as the day goes, and grain. */
function sense(pixels: Uint8ClampedArray, light: number, noise: Float32Array, offsetOf: (row: number) => number): void {
  for (let row = 0; row < HEIGHT_PX; row++) {
    const start = row * WIDTH_PX * 3;
    const shift = offsetOf(row) - start;
    for (let at = start; at < start + WIDTH_PX * 3; at++) {
      pixels[at] = (pixels[at] ?? 0) * light + (noise[at + shift] ?? 0);
    }
  }
}

/** Made once, and read from another place for every row of every frame: a fresh draw per pixel would cost more than the rest. */
function createNoise(seed: number, camera: number | string): Float32Array {
  const random = createRandom(seed, camera, 'noise');
  // The sum of three even draws is close enough to a bell, with a variance of a quarter.
  return Float32Array.from(
    { length: NOISE_SIZE },
    () => (random.next() + random.next() + random.next() - 1.5) * 2 * NOISE_SIGMA,
  );
}

function trueBox({ stance, limbs, opening }: Figure): readonly TrueBox[] {
  const whole = boundsOf(limbs);
  const left = Math.max(whole.left, opening.left);
  const top = Math.max(whole.top, opening.top);
  const right = Math.min(whole.right, opening.right);
  const bottom = Math.min(whole.bottom, opening.bottom);
  if (right - left < 1 || bottom - top < 1) return [];
  return [
    {
      personId: stance.personId,
      x: left / WIDTH_PX,
      y: top / HEIGHT_PX,
      width: (right - left) / WIDTH_PX,
      height: (bottom - top) / HEIGHT_PX,
      visibleShare: ((right - left) * (bottom - top)) / ((whole.right - whole.left) * (whole.bottom - whole.top)),
    },
  ];
}
