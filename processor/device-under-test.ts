import type { NoPicture } from '../ports/detector/picture.ts';
import type { StoredRecord } from '../ports/log/log.ts';
import type { Frame } from '../schemas/types.ts';
import type { Configuration } from './configuration.ts';
import { newScene, type StepOutput, stepDevice } from './device-step.ts';
import type { Found, Sight } from './eyes.ts';
import { recordOf } from './frames-under-test.ts';
import { lineUp, newLine } from './line-up.ts';
import type { MotionGrid } from './motion.ts';
import type { DeviceState } from './state.ts';

/** What there is to know of a picture, had anybody looked at it. */
export interface Look {
  readonly sight: Sight;
  readonly found: Found;
}

export interface Shot {
  readonly frame: Frame;
  /** Null where nobody looked. */
  readonly look: Look | NoPicture | null;
}

export const newDevice: DeviceState = { line: newLine, scene: newScene };

/** A device without its shell: lined up and stepped, record by record. */
export function stepWhole(
  before: DeviceState,
  input: Shot | Configuration,
  grid: MotionGrid,
): readonly [DeviceState, readonly StepOutput[]] {
  const isShot = 'frame' in input;
  const deviceId = 'any';
  const [line, turns] = isShot
    ? lineUp(before.line, { kind: 'frame', deviceId, frame: input.frame }, stored(input.frame))
    : lineUp(before.line, { kind: 'configuration', deviceId, configuration: input }, stored());
  let { scene } = before;
  const outputs: StepOutput[] = [];
  for (const turn of turns) {
    const look = isShot ? input.look : null;
    const sight = look && 'sight' in look ? look.sight : look;
    const step = stepDevice(scene, turn, sight, grid);
    const stepped = 'afterLook' in step ? step.afterLook(foundIn(look)) : step;
    scene = stepped.scene;
    outputs.push(...stepped.told);
  }
  return [line === before.line && scene === before.scene ? before : { line, scene }, outputs];
}

function foundIn(look: Shot['look']): Found {
  if (look && 'found' in look) return look.found;
  throw new Error('it asks what is in a picture that there is not');
}

function stored(frame?: Frame): StoredRecord {
  const record = frame ? recordOf(frame) : { key: 'any', value: null };
  return { ...record, offset: 0n, appendedAtMs: 0 };
}
