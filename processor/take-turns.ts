import pLimit from 'p-limit';
import type { NoPicture } from '../ports/detector/picture.ts';
import { type Attempts, Failed } from './attempts.ts';
import { type Scene, type StepOptions, type StepOutput, type Stepped, stepDevice } from './device-step.ts';
import type { Eyes, Prepared } from './eyes.ts';
import type { FetchPicture } from './fetch-picture.ts';
import { type FrameSpans, noSpans } from './frame-spans.ts';
import type { Turn, TurnFrame } from './line-up.ts';
import type { ProcessorMetrics, Stage } from './metrics.ts';
import type { Room } from './rooms.ts';

/**
 * Takes the turns of one batch: pictures are fetched and decoded ahead and at once, while the turns of each device are
 * stepped one after the other (promise 4). How far ahead, `room` says: a picture has its place there from before it is
 * fetched until its turn is over, so that is how many are in memory. Places are given in the order of the turns, and a
 * turn waits only for earlier ones, so that there is always one that can go on.
 *
 * Where a frame cannot be analysed just now, no later turn of its device is taken, and those of others are: what is to
 * become of it, attempts.ts says.
 */
export type TakeTurns = (
  turns: readonly Turn[],
  batch: { sceneOf(deviceId: string): Scene; readonly attempts: Attempts; readonly spans?: FrameSpans },
) => Promise<Taken>;

/** Of one batch, however long: those of other partitions are not to wait for all of it. */
const AHEAD_MAX = 3;

export interface Taken {
  /** Of the devices whose turns they were. */
  readonly scenes: ReadonlyMap<string, Scene>;
  /** What each turn has told, in their order. */
  readonly told: readonly (readonly StepOutput[])[];
  /** Frames that were not tried again. */
  readonly givenUp: ReadonlySet<TurnFrame>;
  /** Devices of which not every turn was taken: nothing of what the others came to is to be kept. */
  readonly unfinished: ReadonlySet<string>;
  /** Why, of each device that did not merely stand behind others. */
  readonly failed: readonly Failed[];
}

/** What goes along with a batch, and has no part in what comes of it. */
interface Beside {
  readonly attempts: Attempts;
  readonly spans: FrameSpans;
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
  return async (turns, { sceneOf, attempts, spans = noSpans }) => {
    const scenes = new Map<string, Scene>();
    const failedOf = new Map<string, Failed>();
    const behind = new Set<string>();
    const givenUp = new Set<TurnFrame>();
    const lastOf = new Map<string, Promise<unknown>>();
    const ahead = pLimit(AHEAD_MAX);
    const broken = new AbortController();
    let inARow = 0;

    async function see(frame: TurnFrame): Promise<Prepared | NoPicture | Failed> {
      const why = attempts.givenUp(frame);
      if (why) {
        givenUp.add(frame);
        return why;
      }
      try {
        const prepared = await prepare(frame, { attempts, spans });
        inARow = 0;
        return prepared;
      } catch (error) {
        if (!(error instanceof Failed)) throw error;
        inARow += 1;
        return error;
      }
    }

    const taking = turns.map((turn) => {
      const { deviceId } = turn;
      const earlier = lastOf.get(deviceId);
      const take = async (): Promise<readonly StepOutput[]> => {
        broken.signal.throwIfAborted();
        const failed = failedOf.get(deviceId);
        const isSeen = isToBeSeen(turn);
        // A store that is away is not asked for all that there is: each question may take seconds.
        if (isSeen && inARow >= AHEAD_MAX) behind.add(deviceId);
        // Whether it was the frame's fault or the store's, the device's next picture tells, though its turn has not come.
        const isProbe = isSeen && failed?.failure.stage === 'fetch' && attempts.isOutage(failed);
        if (behind.has(deviceId) || (failed && !isProbe)) return [];
        spans.begin(turn);
        const prepared = isSeen ? await see(turn.frame) : null;
        try {
          await earlier;
          broken.signal.throwIfAborted();
          if (failedOf.has(deviceId)) return [];
          if (prepared instanceof Failed) throw prepared;
          const before = scenes.get(deviceId) ?? sceneOf(deviceId);
          const { scene, told } = await step(before, turn, prepared, { attempts, spans });
          scenes.set(deviceId, scene);
          return told;
        } catch (error) {
          if (!(error instanceof Failed)) throw error;
          failedOf.set(deviceId, error);
          return [];
        } finally {
          if (prepared && 'done' in prepared) prepared.done();
        }
      };
      const taken = ahead(() => room(take));
      // Something else than a frame: no more are begun; those under way are waited for below.
      lastOf.set(
        deviceId,
        taken.catch((error) => broken.abort(error)),
      );
      return taken;
    });
    await Promise.allSettled(taking);
    broken.signal.throwIfAborted();
    const unfinished = new Set([...failedOf.keys(), ...behind]);
    return { scenes, told: await Promise.all(taking), givenUp, unfinished, failed: [...failedOf.values()] };
  };

  async function prepare(frame: TurnFrame, { attempts, spans }: Beside): Promise<Prepared | NoPicture> {
    const fetchTimed = () => metrics.time('fetch', () => fetchPicture(frame));
    const jpeg = await attempts.make('fetch', frame, () => spans.within(frame, 'fetch', fetchTimed));
    if ('code' in jpeg) return jpeg;
    return attempts.make('decode', frame, () => spans.within(frame, 'decode', () => eyes.prepare(jpeg)));
  }

  async function step(
    scene: Scene,
    turn: Turn,
    prepared: Prepared | NoPicture | null,
    { attempts, spans }: Beside,
  ): Promise<Stepped> {
    const timed = <Result>(stage: Stage, work: () => Result): Result => {
      const beganMs = performance.now();
      const result = work();
      metrics.took(stage, performance.now() - beganMs);
      spans.took(turn, stage, beganMs);
      return result;
    };
    const take = () => stepDevice(scene, turn, prepared, options);
    // Other turns look at no picture, and are too many beside the frames to be told from them in a mean.
    const step = prepared === null ? take() : timed('motion', take);
    if (!('afterLook' in step)) return step;
    if (prepared === null || 'code' in prepared || turn.kind !== 'frame')
      throw new Error('there is nothing to look at');
    const { frame } = turn;
    const found = await attempts.make('look', frame, () => spans.within(frame, 'infer', () => eyes.find(prepared)));
    return timed('step', () => step.afterLook(found));
  }
}

function isToBeSeen(turn: Turn): turn is Turn & { readonly kind: 'frame' } {
  return turn.kind === 'frame' && !turn.configuration.settings.device.paused;
}
