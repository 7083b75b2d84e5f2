import { createRandom, hashSeed, valueAt } from '../dev/simulate/random.ts';
import { motionGrid } from './motion.ts';

/** Something in front of the room: in cells, also between two of them. */
export interface Thing {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** How much brighter it is than what is behind it. */
  readonly contrast: number;
}

/** What the light, the sensor and the camera do at one moment. */
export interface Moment {
  readonly gain?: number;
  readonly shift?: number;
  /** More light at a place, and how restlessly. */
  readonly lightAt?: (column: number, row: number) => number;
  /** How many cells the camera is turned by. */
  readonly nudge?: readonly [number, number];
  readonly things?: readonly Thing[];
}

export interface StillLife {
  /** What a camera makes of frame `index`; the noise is another in each. */
  grey(index: number, moment?: Moment): Uint8Array;
}

const { columns, rows } = motionGrid;
/** Of at least so many pixels a cell is the mean (grey.ts), so it has a quarter of their noise. */
const PIXELS_OF_CELL = 16;

/** A furnished room in which nothing happens but what is asked for. */
export function createStillLife(seed: number, sigma: number): StillLife {
  const random = createRandom(seed, 'furniture');
  const furniture = Array.from({ length: 14 }, () => ({
    left: random.between(-8, columns),
    top: random.between(-8, rows),
    width: random.between(3, 24),
    height: random.between(3, 20),
    grey: random.between(35, 190),
  }));
  const texture = hashSeed(seed, 'texture');
  const noise = hashSeed(seed, 'noise');
  const room = (column: number, row: number) => {
    const piece = furniture.findLast(
      ({ left, top, width, height }) => column >= left && column < left + width && row >= top && row < top + height,
    );
    return (piece?.grey ?? 110 + row / 2) + 14 * (valueAt(texture, column, row) - 0.5);
  };
  const known = new Map<number, number>();
  /** Painted once, as it is asked for in each frame. */
  const roomAt = (column: number, row: number) => {
    const place = row * 1_000 + column;
    const grey = known.get(place) ?? room(column, row);
    known.set(place, grey);
    return grey;
  };
  return {
    grey: (index, { gain = 1, shift = 0, lightAt = () => 0, nudge: [right, down] = [0, 0], things = [] } = {}) =>
      Uint8Array.from({ length: columns * rows }, (_, cell) => {
        const [column, row] = [cell % columns, Math.floor(cell / columns)];
        const thing = things.reduce((sum, one) => sum + one.contrast * coverage(one, column, row), 0);
        const lit = gain * (roomAt(column + right, row + down) + thing + lightAt(column, row)) + shift;
        const grain = (sigma / Math.sqrt(PIXELS_OF_CELL)) * normal(noise, index, cell);
        return Math.max(0, Math.min(255, Math.round(lit + grain)));
      }),
  };
}

function coverage({ left, top, width, height }: Thing, column: number, row: number): number {
  const across = Math.min(left + width, column + 1) - Math.max(left, column);
  const down = Math.min(top + height, row + 1) - Math.max(top, row);
  return Math.max(0, across) * Math.max(0, down);
}

/** Four evens make a normal, nearly, and none that is further out than three and a half times its deviation. */
function normal(seed: number, index: number, cell: number): number {
  let sum = -2;
  for (let part = 0; part < 4; part += 1) sum += valueAt(seed + part, index, cell);
  return Math.sqrt(3) * sum;
}
