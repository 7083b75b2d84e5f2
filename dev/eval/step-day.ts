import type { StoredRecord } from '../../ports/log/log.ts';
import { newScene, type StepOutput, stepDevice } from '../../processor/device-step.ts';
import type { Found } from '../../processor/eyes.ts';
import { type DeviceInput, lineUp, newLine } from '../../processor/line-up.ts';
import { motionGrid } from '../../processor/motion.ts';
import { frameId } from '../../schemas/identity.ts';
import type { Frame } from '../../schemas/types.ts';
import { createReferenceDay } from './reference-day.ts';

/** A frame of the day, and what the processor makes of the device once it has come. */
export interface SteppedFrame {
  readonly frame: Frame;
  readonly told: readonly StepOutput[];
}

const DAY_MS = 86_400_000;
const PEOPLE = { sure: 0.5, faint: 0.25 };

/** A reference day from midnight to midnight through the processor's pure steps, frame by frame. */
export function stepDay({
  deviceId,
  midnightMs,
  fps,
  seed,
}: {
  readonly deviceId: string;
  readonly midnightMs: number;
  readonly fps: number;
  readonly seed: number;
}) {
  const day = createReferenceDay({ seed, grid: motionGrid });
  let [line, scene] = [newLine, newScene];

  function step(input: DeviceInput, found: () => Found, prepared: ReturnType<typeof day.look>['prepared'] | null) {
    const record: StoredRecord = { key: deviceId, value: null, offset: 0n, appendedAtMs: 0 };
    const [next, turns] = lineUp(line, input, record);
    line = next;
    return turns.flatMap((turn) => {
      const step = stepDevice(scene, turn, prepared, { lane: 'live', grid: motionGrid });
      const stepped = 'afterLook' in step ? step.afterLook(found()) : step;
      scene = stepped.scene;
      return stepped.told;
    });
  }

  function* frames(fromMs = 0, untilMs = DAY_MS): Generator<SteppedFrame> {
    for (let number = Math.ceil((fromMs * fps) / 1_000); number < (untilMs * fps) / 1_000; number += 1) {
      const atMs = Math.round((number * 1_000) / fps);
      const frame = frameOf(deviceId, number + 1, midnightMs + atMs);
      const { prepared, objects } = day.look(atMs);
      const found = () => ({ objects, people: PEOPLE, model: 'simulated' });
      yield { frame, told: step({ kind: 'frame', deviceId, frame }, found, prepared) };
    }
  }

  return { frames, stays: day.stays };
}

function frameOf(device_id: string, seq: number, captured_at: number): Frame {
  return {
    frame_id: frameId(device_id, 1, seq),
    device_id,
    epoch: 1,
    seq,
    captured_at,
    device_time: captured_at,
    time_quality: 'ntp',
    received_at: captured_at + 300,
    blob_key: `images/${device_id}/${captured_at}.jpg`,
    size_bytes: 50_000,
    sha256: Buffer.alloc(32, seq & 0xff),
    source: 'frame',
    lane: 'live',
  };
}
