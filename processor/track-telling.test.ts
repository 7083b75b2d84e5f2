import { describe, expect, test } from 'vitest';
import { fixedCodec } from '../schemas/codec.ts';
import { frameId } from '../schemas/identity.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import { events, type Input, inputOf, later, run, runFrom, withPerson } from './device-runs-under-test.ts';
import { newDevice } from './device-under-test.ts';
import { firstAtMs, lookOf } from './frames-under-test.ts';
import { looksOf } from './people-under-test.ts';
import { packState, STATE_VERSION, unpackState } from './state.ts';

const restored = (state: Parameters<typeof packState>[0]) => unpackState(STATE_VERSION, packState(state), fixedCodec);

let version = 0;
function configured(settings: { readonly tracking?: boolean; readonly paused?: boolean }): Configuration {
  const { tracking = true, paused = false } = settings;
  version += 1;
  const given = { device: { paused }, events: { tracking }, thresholds: { look_every_ms: 0 } };
  const configuration = readConfiguration({ version, settings_json: JSON.stringify(given) });
  if (!configuration) throw new Error('no configuration');
  return configuration;
}

/** Who stands in it, each at a place of their own. */
function showing(seq: number, atMs: number, names: string, confidence = 0.8): Input {
  const { prepared, found } = lookOf(0);
  const objects = [...names].map((name) => ({
    className: 'person',
    confidence,
    box: { x: 0.1 + 0.4 * (name.charCodeAt(0) - 65), y: 0.2, width: 0.1, height: 0.4 },
    appearance: looksOf(name),
  }));
  return inputOf(seq, atMs, { prepared, found: { ...found, objects, model: 'mine@1' } });
}

const trackings = (outputs: Parameters<typeof events>[0]) =>
  events(outputs).flatMap(({ payload, type, ...event }) =>
    payload.kind === 'Tracking' ? [{ ...event, type, payload }] : [],
  );
const words = (outputs: Parameters<typeof events>[0]) =>
  trackings(outputs).map(({ payload, occurred_at }) => `${payload.tracking_action} ${occurred_at - firstAtMs}`);

describe('a track', () => {
  test('enters in the frame in which it is sure, and leaves with its last sight', () => {
    const inputs = [configured({}), ...[0, 400, 800].map((atMs, seq) => withPerson(seq, atMs))];
    const outputs = run([...inputs, ...[1_200, 5_000].map((atMs, at) => showing(3 + at, atMs, ''))]);
    const told = trackings(outputs);
    expect(words(outputs)).toEqual(['entered 400', 'left 800']);
    const [visit] = events(outputs).flatMap(({ payload }) => (payload.kind === 'Visit' ? [payload] : []));
    expect(told[0]).toMatchObject({
      type: 'tracking',
      version: 1,
      ended_at: null,
      frame_id: frameId('camera-1', 1, 1),
      frame_seq: 1,
      time_quality: 'ntp',
      model: 'mine@1',
      config_version: version,
      payload: {
        track_id: visit?.track_id,
        person_id: visit?.person_id,
        class_name: 'person',
        confidence: 0.8,
        bounding_box: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
      },
    });
    expect(told[1]).toMatchObject({ frame_id: frameId('camera-1', 1, 2), frame_seq: 2 });
    expect(told[1]?.payload.track_id).toBe(told[0]?.payload.track_id);
    expect(told[1]?.event_id).not.toBe(told[0]?.event_id);
  });

  test('that nobody is sure of is not told of', () => {
    expect(words(run([configured({}), showing(0, 0, 'A'), showing(1, 5_000, ''), showing(2, 9_000, '')]))).toEqual([]);
  });

  test('stays where only time passes, since a frame may go on with it', () => {
    const shown = [0, 400, 800].map((atMs, seq) => withPerson(seq, atMs));
    const { state, outputs } = runFrom(newDevice, [configured({}), ...shown, { tickAtMs: firstAtMs + 60_000 }]);
    expect(words(outputs)).toEqual(['entered 400']);
    expect(words(runFrom(state, [withPerson(3, 61_000), later]).outputs)).toEqual([]);
    expect(words(runFrom(state, [showing(3, 200_000, ''), later]).outputs)).toEqual(['left 800']);
  });

  test.each<[string, (shown: readonly Input[]) => readonly (Input | Configuration)[], readonly string[]]>([
    ['off, nothing', (shown) => [configured({ tracking: false }), ...shown], []],
    [
      'off while it is there, that it left is not told',
      (shown) => [configured({}), ...shown.slice(0, 3), configured({ tracking: false }), ...shown.slice(3)],
      ['entered 400'],
    ],
    [
      'off and on again, it enters once',
      (shown) => [
        ...[configured({}), ...shown.slice(0, 2), configured({ tracking: false }), ...shown.slice(2, 4)],
        ...[configured({}), ...shown.slice(4)],
      ],
      ['entered 400', 'left 2000'],
    ],
    [
      'on while it is there, it enters then',
      (shown) => [configured({ tracking: false }), ...shown.slice(0, 4), configured({}), ...shown.slice(4)],
      ['entered 1600', 'left 2000'],
    ],
    [
      'on, and its device paused, it left there',
      (shown) => [configured({}), ...shown.slice(0, 3), configured({ paused: true })],
      ['entered 400', 'left 800'],
    ],
    [
      'off by what pauses its device, nothing',
      (shown) => [configured({}), ...shown.slice(0, 3), configured({ paused: true, tracking: false })],
      ['entered 400'],
    ],
  ])('where it is switched %s', (_, inputs, told) => {
    const shown = [0, 1, 2, 3, 4, 5].map((seq) => withPerson(seq, seq * 400));
    const gone = [2_400, 9_000].map((atMs, at) => showing(6 + at, atMs, ''));
    expect(words(runFrom(newDevice, [...inputs([...shown, ...gone]), later]).outputs)).toEqual(told);
  });

  test('is told of to the byte as if its state had never been stored, with others who leave with it', () => {
    const names = ['A', 'AB', 'AB', 'ABC', 'ABC', 'BC', '', '', '', 'A', 'A', ''];
    const inputs = [configured({}), ...names.map((one, seq) => showing(seq, seq * 700, one)), later];
    const plain = runFrom(newDevice, inputs).outputs;
    expect(runFrom(newDevice, inputs, restored).outputs).toEqual(plain);
    expect(words(plain).filter((word) => word.startsWith('entered'))).toHaveLength(4);
    // B and C are seen for the last time in one frame.
    expect(words(plain).filter((word) => word === 'left 3500')).toHaveLength(2);
    expect(new Set(trackings(plain).map(({ event_id }) => event_id)).size).toBe(8 - 1);
  });

  test.each([
    ['of whoever is erased', (personId: string) => ({ personId, fromMs: null, toMs: null })],
    ['of a time that is erased', () => ({ personId: null, fromMs: firstAtMs, toMs: firstAtMs + 1_000 })],
  ])('%s never leaves', (_, erasing) => {
    const shown = [0, 400, 800].map((atMs, seq) => withPerson(seq, atMs));
    const { state, outputs } = runFrom(newDevice, [configured({}), ...shown]);
    const erased = erasing(trackings(outputs)[0]?.payload.person_id ?? '');
    const gone = [9_000, 10_000].map((atMs, at) => showing(6 + at, atMs, ''));
    expect(words(runFrom(state, [...gone, later]).outputs)).toEqual(['left 800']);
    expect(words(runFrom(state, [{ erased }, ...gone, later]).outputs)).toEqual([]);
  });
});
