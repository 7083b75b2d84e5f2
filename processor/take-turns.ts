import pLimit from 'p-limit';
import type { NoPicture } from '../ports/detector/picture.ts';
import type { Frame } from '../schemas/types.ts';
import { type Scene, type StepOptions, type StepOutput, type Stepped, stepDevice } from './device-step.ts';
import type { Eyes, Prepared } from './eyes.ts';
import type { FetchPicture } from './fetch-picture.ts';
import type { Turn } from './line-up.ts';
import type { ProcessorMetrics, Stage } from './metrics.ts';
import type { Room } from './rooms.ts';

/**
 * Takes the turns of one batch: pictures are fetched and decoded ahead and at once, while the turns of each device are
 * stepped one after the other (promise 4). How far ahead, `room` says: a picture has its place there from before it is
 * fetched until its turn is over, so that is how many are in memory. Places are given in the order of the turns, and a
 * turn waits only for earlier ones, so that there is always one that can go on.
 */
export type TakeTurns = (turns: readonly Turn[], sceneOf: (deviceId: string) => Scene) => Promise<Taken>;

/** Of one batch, however long: those of other partitions are not to wait for all of it. */
const AHEAD_MAX = 3;

export interface Taken {
  /** Of the devices whose turns they were. */
  readonly scenes: ReadonlyMap<string, Scene>;
  /** What each turn has told, in their order. */
  readonly told: readonly (readonly StepOutput[])[];
}

export function createTakeTurns({
  fetchPicture,
  eyes,
  options,
  room,
  metrics,
}: {
  readonly fetchPicture: FetchPicture;
  readonly eyes: Eyes;
  readonly options: StepOptions;
  readonly room: Room;
  readonly metrics: Pick<ProcessorMetrics, 'time' | 'took'>;
}): TakeTurns {
  return async (turns, sceneOf) => {
    const scenes = new Map<string, Scene>();
    const lastOf = new Map<string, Promise<unknown>>();
    const ahead = pLimit(AHEAD_MAX);
    const givenUp = new AbortController();
    const taking = turns.map((turn) => {
      const { deviceId } = turn;
      const earlier = lastOf.get(deviceId);
      const take = async () => {
        givenUp.signal.throwIfAborted();
        const prepared = isToBeSeen(turn) ? await see(turn.frame) : null;
        try {
          await earlier;
          givenUp.signal.throwIfAborted();
          const { scene, told } = await step(scenes.get(deviceId) ?? sceneOf(deviceId), turn, prepared);
          scenes.set(deviceId, scene);
          return told;
        } finally {
          if (prepared && 'done' in prepared) prepared.done();
        }
      };
      const taken = ahead(() => room(take));
      // When one cannot be taken now, no more are begun; those under way are waited for below.
      lastOf.set(
        deviceId,
        taken.catch((error) => givenUp.abort(error)),
      );
      return taken;
    });
    await Promise.allSettled(taking);
    givenUp.signal.throwIfAborted();
    return { scenes, told: await Promise.all(taking) };
  };

  async function see(frame: Frame): Promise<Prepared | NoPicture> {
    const jpeg = await metrics.time('fetch', () => fetchPicture(frame));
    return 'code' in jpeg ? jpeg : eyes.prepare(jpeg);
  }

  async function step(scene: Scene, turn: Turn, prepared: Prepared | NoPicture | null): Promise<Stepped> {
    const take = () => stepDevice(scene, turn, prepared, options);
    // Other turns look at no picture, and are too many beside the frames to be told from them in a mean.
    const step = prepared === null ? take() : timed('motion', take);
    if (!('afterLook' in step)) return step;
    if (prepared === null || 'code' in prepared) throw new Error('there is no picture to look at');
    const found = await eyes.find(prepared);
    return timed('step', () => step.afterLook(found));
  }

  function timed<Result>(stage: Stage, work: () => Result): Result {
    const beganMs = performance.now();
    const result = work();
    metrics.took(stage, performance.now() - beganMs);
    return result;
  }
}

function isToBeSeen(turn: Turn): turn is Turn & { readonly kind: 'frame' } {
  return turn.kind === 'frame' && !turn.configuration.settings.device.paused;
}
