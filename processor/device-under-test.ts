import type { NoPicture } from '../ports/detector/picture.ts';
import type { StoredRecord } from '../ports/log/log.ts';
import type { Frame } from '../schemas/types.ts';
import type { Configuration } from './configuration.ts';
import { newScene, type StepOutput, stepDevice } from './device-step.ts';
import type { Found, Prepared } from './eyes.ts';
import type { Erased } from './forget.ts';
import { recordOf, redriveOf } from './frames-under-test.ts';
import { type DeviceInput, lineUp, newLine } from './line-up.ts';
import type { MotionGrid } from './motion.ts';
import type { DeviceState } from './state.ts';

/** What there is to know of a picture, had anybody looked at it. */
export interface Look {
  readonly prepared: Prepared;
  readonly found: Found;
}

export interface Shot {
  readonly frame: Frame;
  /** Null where nobody looked. */
  readonly look: Look | NoPicture | null;
}

/** Frames of it come again, with another picture. */
export interface Redrive {
  readonly redriven: Frame;
  readonly look: Look | NoPicture;
}

export interface Tick {
  readonly tickAtMs: number;
}

export interface Erase {
  readonly erased: Erased;
}

export const newDevice: DeviceState = { line: newLine, scene: newScene };

/** A device without its shell: lined up and stepped, record by record. One for each run, since it keeps the pictures. */
export function createSteps(grid: MotionGrid) {
  const looks = new Map<string, Shot['look']>();
  return (
    before: DeviceState,
    input: Shot | Redrive | Configuration | Tick | Erase,
  ): readonly [DeviceState, readonly StepOutput[]] => {
    const [given, record] = asInput(input);
    const [line, turns] = lineUp(before.line, given, record);
    // A second copy's picture may be gone; it is the first one that counts.
    if ('frame' in input && line !== before.line) looks.set(input.frame.frame_id, input.look);
    if ('redriven' in input) looks.set(input.redriven.frame_id, input.look);
    let { scene } = before;
    const outputs: StepOutput[] = [];
    for (const turn of turns) {
      const look = turn.kind === 'frame' ? (looks.get(turn.frame.frame_id) ?? null) : null;
      const step = stepDevice(scene, turn, look && 'prepared' in look ? look.prepared : look, { lane: 'live', grid });
      const stepped = 'afterLook' in step ? step.afterLook(foundIn(look)) : step;
      scene = stepped.scene;
      outputs.push(...stepped.told);
    }
    return [line === before.line && scene === before.scene ? before : { line, scene }, outputs];
  };
}

function asInput(input: Shot | Redrive | Configuration | Tick | Erase): readonly [DeviceInput, StoredRecord] {
  if ('frame' in input) {
    const { frame } = input;
    return [
      { kind: 'frame', deviceId: frame.device_id, frame },
      { ...recordOf(frame), offset: 0n, appendedAtMs: 0 },
    ];
  }
  if ('redriven' in input) {
    const { redriven: frame } = input;
    return [
      { kind: 'redrive', deviceId: frame.device_id, frame },
      { ...redriveOf(frame), offset: 0n, appendedAtMs: 0 },
    ];
  }
  const [deviceId, record] = ['camera-1', { key: 'camera-1', value: null, offset: 0n, appendedAtMs: 0 }];
  if ('erased' in input) return [{ kind: 'erase', deviceId, erased: input.erased }, record];
  return 'tickAtMs' in input
    ? [{ kind: 'tick', deviceId, atMs: input.tickAtMs }, record]
    : [{ kind: 'configuration', deviceId, configuration: input }, record];
}

function foundIn(look: Shot['look']): Found {
  if (look && 'found' in look) return look.found;
  throw new Error('it asks what is in a picture that there is not');
}
