import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixedCodec } from '../schemas/codec.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import {
  events,
  type Input,
  inputOf,
  later,
  observations,
  person,
  run,
  runFrom,
  show,
  withPerson,
} from './device-runs-under-test.ts';
import type { StepOutput } from './device-step.ts';
import { createSteps, newDevice } from './device-under-test.ts';
import { firstAtMs, frameOf, lookOf, noPicture, type Place, smallGrid } from './frames-under-test.ts';
import { type DeviceState, packState, STATE_VERSION, silenceOf, unpackState } from './state.ts';

const looksAlways = configurationOf({ thresholds: { look_every_ms: 0 } });

describe('a device', () => {
  test('has nothing to compare its first frame with, and finds motion in those after it', () => {
    const seen = observations(run([show(0, 0, 0), show(1, 200, 0), show(2, 400, 1)]));
    expect(seen.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['analysed', 'first-frame'],
      ['skipped', 'still'],
      ['analysed', null],
    ]);
    const box = { x: 0, y: 0, width: 0.5, height: 2 / 6 };
    expect(seen.map(({ motion }) => motion)).toEqual([null, { score: 0, boxes: [] }, { score: 8 / 48, boxes: [box] }]);
    expect(seen[2]).toMatchObject({ seq: 2, captured_at: firstAtMs + 400, width: 320, height: 240, lane: 'live' });
  });

  test('says what was found in each frame, and by which model; of one that is late, nothing', () => {
    const seen = observations(run([looksAlways, withPerson(0, 0), withPerson(1, 400), withPerson(2, 300)]));
    const told = { class_name: 'person', confidence: 0.8, box: person.box, track_id: seen[0]?.objects[0]?.track_id };
    expect(told.track_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(seen.map(({ objects, model }) => ({ objects, model }))).toEqual([
      { objects: [told], model: 'mine@1' },
      { objects: [told], model: 'mine@1' },
      { objects: [], model: null },
    ]);
  });

  test.each([
    { name: 'calm', tickAtMs: null },
    { name: 'with a tick between', tickAtMs: 140_000 },
  ])('that is slow may miss a person in one frame: the same person, and the same visit, $name', ({ tickAtMs }) => {
    const [missed, gone] = [show(3, 90_000, 0), [show(5, 150_000, 0), show(6, 180_000, 0)]];
    const shown = [0, 1, 2].map((seq) => withPerson(seq, seq * 30_000));
    const tick = tickAtMs === null ? [] : [{ tickAtMs: firstAtMs + tickAtMs }];
    const inputs = [looksAlways, ...shown, missed, ...tick, withPerson(4, 120_000), ...gone];
    const told = events(runFrom(newDevice, inputs, restored).outputs);
    expect(new Set(told.map(({ event_id }) => event_id)).size).toBe(1);
    expect(told.at(-1)).toMatchObject({
      version: tick.length === 0 ? 3 : 4,
      occurred_at: firstAtMs,
      ended_at: firstAtMs + 120_000,
      payload: { state: 'closed', sightings: 4, dwell_min_ms: 120_000, dwell_max_ms: 150_000 },
    });
  });

  test('tells of motion twice under one id: when it is sure, and when it is over', () => {
    const told = events(run(visit));
    expect(told).toHaveLength(2);
    const [begun, ended] = told;
    expect(begun).toMatchObject({ version: 1, occurred_at: firstAtMs + 200, ended_at: null, frame_seq: 1 });
    expect(ended).toMatchObject({ version: 2, occurred_at: firstAtMs + 200, ended_at: firstAtMs + 600, frame_seq: 1 });
    expect(begun?.frame_id).toBe(show(1, 200, 1).frame.frame_id);
    expect(ended?.payload).toMatchObject({ kind: 'Motion', frames: 3, score: 8 / 48, peak_score: 8 / 48 });
    expect(ended?.event_id).toBe(begun?.event_id);
    // For good: rows are keyed by it.
    expect(begun?.event_id).toBe('1a5a6232-2c14-5f11-99ed-3341ff5ccef1');
  });

  test('that falls silent while something moves waits for the tick that ends it', () => {
    const { state } = runFrom(newDevice, visit.slice(0, 4));
    const silence = silenceOf(state);
    expect(silence).toEqual({ newestAtMs: firstAtMs + 600, afterMs: 3_000 });
    const ticked = runFrom(restored(state), [{ tickAtMs: firstAtMs + 3_600 }]);
    expect(ticked.outputs).toMatchObject([{ event: { type: 'motion', version: 2, ended_at: firstAtMs + 600 } }]);
    expect(silenceOf(restored(ticked.state))).toBeNull();
  });

  test('gives motion another id in another device, and for another beginning', () => {
    const other = visit.map(({ frame, look }) => ({
      frame: frameOf({ device: 'camera-2', seq: frame.seq, atMs: frame.captured_at - firstAtMs }),
      look,
    }));
    const later = visit.map(({ frame, look }) => inputOf(frame.seq + 7, frame.captured_at - firstAtMs, look));
    const ids = [visit, other, later].map((inputs) => events(run(inputs))[0]?.event_id);
    expect(new Set(ids).size).toBe(3);
  });

  test('whose camera is moved says in which frame it was learnt anew, and goes on following whom it followed', () => {
    const { columns, rows } = smallGrid;
    const halves = ['left', 'top'].map((bright) =>
      Uint8Array.from({ length: columns * rows }, (_, cell) => {
        const isBright = bright === 'left' ? cell % columns < columns / 2 : cell < (columns * rows) / 2;
        return isBright ? 200 : 60;
      }),
    );
    const told = run(
      Array.from({ length: 50 }, (_, seq) => {
        const { frame, look } = withPerson(seq, seq * 200);
        const grey = halves[seq < 10 ? 0 : 1] as Uint8Array;
        return { frame, look: { ...look, prepared: { ...look.prepared, grey } } };
      }),
    );
    const seen = observations(told);
    expect(seen.filter(({ outcome }) => outcome !== 'analysed')).toEqual([]);
    expect(seen.map(({ reason }) => reason).filter(Boolean)).toEqual(['first-frame', 'relearnt']);
    expect(seen.find(({ reason }) => reason === 'relearnt')).toMatchObject({ motion: { score: 0, boxes: [] } });
    expect(new Set(seen.map(({ objects }) => objects[0]?.track_id)).size).toBe(1);
    const visits = events(told).filter(({ type }) => type === 'visit');
    expect(visits.map(({ version, payload }) => [version, 'state' in payload && payload.state])).toEqual([
      [1, 'opened'],
      [2, 'closed'],
    ]);
  });

  test('that is paused ends its motion there, though frames still come', () => {
    const paused = configurationOf({ device: { paused: true } });
    const { outputs } = runFrom(newDevice, [...visit.slice(0, 4), paused, ...visit.slice(4), later], restored);
    const told = events(outputs);
    expect(told.map(({ version, ended_at }) => [version, ended_at])).toEqual([
      [1, null],
      [2, firstAtMs + 600],
    ]);
    const endAt = outputs.findIndex((output) => output.kind === 'event' && output.event.version === 2);
    expect(outputs.slice(endAt + 1)).toMatchObject([4, 5].map((seq) => ({ observation: { seq, reason: 'paused' } })));
  });

  test('rejects what cannot be decoded once, and goes on as if it had not come', () => {
    const broken = { ...show(2, 300, 0), look: noPicture };
    const told = run([...visit.slice(0, 2), broken, broken, ...visit.slice(2).map(shifted)]);
    const without = run([...visit.slice(0, 2), ...visit.slice(2).map(shifted)]);
    expect(told.filter(({ kind }) => kind === 'rejected')).toEqual([{ kind: 'rejected', ...noPicture }]);
    expect(bytesOf(told.filter(({ kind }) => kind !== 'rejected'))).toEqual(bytesOf(without));
  });

  test('skips a frame that is late, and compares the next with the newest', () => {
    const late = show(2, 300, 3);
    const [, , skipped, next, ...rest] = observations(
      run([show(0, 0, 0), show(1, 400, 0), late, show(3, 500, 0), show(4, 500, 0)]),
    );
    expect(skipped).toMatchObject({ outcome: 'skipped', reason: 'out-of-order', motion: null, width: 320, seq: 2 });
    expect(next).toMatchObject({ outcome: 'skipped', reason: 'still', motion: { score: 0 } });
    // A frame of the newest's own time is none that is late.
    expect(rest).toMatchObject([{ outcome: 'skipped', reason: 'still', motion: { score: 0 } }]);
  });

  test('takes a late frame once, too', () => {
    const late = show(2, 300, 3);
    expect(run([show(0, 0, 0), show(1, 400, 0), late, late])).toHaveLength(3);
  });
});

describe('for any frames', () => {
  test('the same give the same, byte for byte, and what went in is left as it was', () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        expect(bytesOf(run(inputs))).toEqual(bytesOf(run(inputs)));
        const step = createSteps(smallGrid);
        for (const asItIs of [(state: DeviceState) => state, restored]) {
          let state = newDevice;
          for (const input of inputs) {
            const before = [packState(state), JSON.stringify(input)];
            const [next] = step(state, input);
            expect([packState(state), JSON.stringify(input)]).toEqual(before);
            state = asItIs(next);
          }
        }
      }),
    );
  });

  test('second copies change nothing, wherever they come', () => {
    fc.assert(
      fc.property(anyInputs, anyCopies, (inputs, copies) => {
        expect(bytesOf(run(withCopies(inputs, copies)))).toEqual(bytesOf(run(inputs)));
      }),
    );
  });

  test('a state that was stored and read again goes on the same, from every place', () => {
    fc.assert(
      fc.property(anyInputs, anyCopies, (inputs, copies) => {
        const straight = bytesOf(run(inputs));
        // Second copies, since only they tell whether the seqs that were seen have been stored, too.
        const doubled = [...withCopies(inputs, copies), later];
        for (let place = 0; place <= doubled.length; place += 1) {
          const step = createSteps(smallGrid);
          const before = runFrom(newDevice, doubled.slice(0, place), undefined, step);
          const after = runFrom(restored(before.state), doubled.slice(place), undefined, step);
          expect(bytesOf([...before.outputs, ...after.outputs])).toEqual(straight);
        }
        expect(bytesOf(runFrom(newDevice, doubled, restored).outputs)).toEqual(straight);
      }),
      { numRuns: 50 },
    );
  });

  test('each is told of exactly once: observed, or rejected with a reason', () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const outputs = run(inputs);
        expect(outputs.filter(({ kind }) => kind !== 'event')).toHaveLength(inputs.length);
        const observed = observations(outputs).map(({ frame_id }) => frame_id);
        const decodable = inputs.filter(({ look }) => !('code' in look));
        expect(observed).toEqual(decodable.map(({ frame }) => frame.frame_id));
      }),
    );
  });
});

/** Somebody comes at 200 ms and is gone after 600 ms. */
const visit: readonly Input[] = [
  show(0, 0, 0),
  show(1, 200, 1),
  show(2, 400, 2),
  show(3, 600, 0),
  show(4, 2_600, 0),
  show(5, 2_800, 0),
];

/** Frames of one device with gaps in their numbers, some late, some undecodable, later ones of a new epoch. */
const anyInputs: fc.Arbitrary<readonly Input[]> = fc
  .array(
    fc.record({
      seqs: fc.constantFrom(1, 1, 1, 2, 40),
      afterMs: fc.constantFrom(200, 200, 200, 0, -300, 1_900, 2_001, 60_000),
      place: fc.constantFrom<Place | null>(0, 0, 0, 1, 2, 3, null),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((moves) => {
    let [seq, atMs] = [-1, 0];
    return moves.map((move, at) => {
      const epoch = at > 20 ? 2 : 1;
      seq = at === 21 ? 0 : seq + move.seqs;
      atMs = Math.max(0, atMs + move.afterMs);
      return { frame: frameOf({ epoch, seq, atMs }), look: move.place === null ? noPicture : lookOf(move.place) };
    });
  });

const anyCopies = fc.array(fc.record({ of: fc.nat(), after: fc.nat() }), { minLength: 1, maxLength: 20 });

function withCopies(inputs: readonly Input[], copies: readonly { readonly of: number; readonly after: number }[]) {
  const behind = inputs.map((): Input[] => []);
  for (const { of, after } of copies) {
    const first = of % inputs.length;
    const copy = inputs[first];
    // The picture of a second copy may well be gone.
    if (copy) behind[first + (after % (inputs.length - first))]?.push(copy, { ...copy, look: noPicture });
  }
  return inputs.flatMap((input, at) => [input, ...(behind[at] ?? [])]);
}

function configurationOf(settings: object): Configuration {
  const read = readConfiguration({ version: 1, settings_json: JSON.stringify(settings) });
  if (!read) throw new Error('no configuration');
  return read;
}

function shifted({ frame, look }: Input): Input {
  return inputOf(frame.seq + 1, frame.captured_at - firstAtMs, look);
}

function restored(state: DeviceState): DeviceState {
  return unpackState(STATE_VERSION, packState(state), fixedCodec);
}

function bytesOf(outputs: readonly StepOutput[]): readonly string[] {
  return outputs.map((output) => {
    if (output.kind === 'observation') return fixedCodec.encode('observation', output.observation).toString('hex');
    if (output.kind === 'event') return fixedCodec.encode('event', output.event).toString('hex');
    return `${output.code}: ${output.message}`;
  });
}
