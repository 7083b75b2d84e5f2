import sharp from 'sharp';
import { createScene } from '../simulate/scene.ts';

/** What all cameras of a run see: a room, and somebody who walks through it. A few small pictures, shown again and again. */
export interface Film {
  readonly empty: Buffer;
  readonly walk: readonly Buffer[];
}

const FPS = 5;
/** The smallest at which the detector still finds people. */
const WIDTH_PX = 160;
const WALK_FRAMES = 25;

export async function shootFilm(): Promise<Film> {
  const scene = createScene({ seed: 1, camera: 'poison', fps: FPS });
  const peopleAt = (at: number) => scene.truth(at).length;
  const render = async (at: number) => {
    const large = await scene.render(at);
    return await sharp(large).resize(WIDTH_PX).jpeg({ quality: 60 }).toBuffer();
  };
  let from = 0;
  while (Array.from({ length: WALK_FRAMES }, (_, step) => peopleAt(from + step)).some((people) => people !== 1)) {
    from += 1;
  }
  let empty = 0;
  while (peopleAt(empty) > 0) empty += 1;
  const walk: Buffer[] = [];
  for (let step = 0; step < WALK_FRAMES; step += 1) walk.push(await render(from + step));
  return { empty: await render(empty), walk };
}
