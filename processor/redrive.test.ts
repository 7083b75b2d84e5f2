import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fixedCodec } from '../schemas/codec.ts';
import { LETTER_HEADER } from '../schemas/dead-letter.ts';
import { derivedId } from '../schemas/identity.ts';
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
import { createSteps, newDevice, type Redrive } from './device-under-test.ts';
import { createFetchPicture } from './fetch-picture.ts';
import { firstAtMs, frameOf, lookOf, noPicture, recordOf, redriveOf, smallGrid } from './frames-under-test.ts';
import { createWorld, jpegOf, readTopic, runLanes, toldIn } from './lane-under-test.ts';
import { lineUp, newLine } from './line-up.ts';
import { readInput } from './read-input.ts';
import { type DeviceState, packState, STATE_VERSION, unpackState } from './state.ts';
import { type Shown, show as showAll, visit } from './visit-under-test.ts';

const dead = (seq: number, atMs: number) => inputOf(seq, atMs, noPicture);
const again = ({ frame }: Input, look: Redrive['look']): Redrive => ({ redriven: frame, look });
const somebody = withPerson(0, 0).look;
const restored = (state: DeviceState) => unpackState(STATE_VERSION, packState(state), fixedCodec);
const looksAlways = configurationOf({ thresholds: { look_every_ms: 0 } });

describe('a frame that is redriven', () => {
  test.each<{ name: string; inputs: readonly (Input | Redrive | Configuration)[]; clean: readonly Input[] }>([
    {
      name: 'when no other has come since',
      inputs: [show(0, 0, 0), show(1, 200, 1), dead(2, 400), again(dead(2, 400), lookOf(2))],
      clean: [show(0, 0, 0), show(1, 200, 1), show(2, 400, 2)],
    },
    {
      name: 'as the first of its device',
      inputs: [dead(0, 0), again(dead(0, 0), lookOf(0)), show(1, 200, 1)],
      clean: [show(0, 0, 0), show(1, 200, 1)],
    },
    {
      name: 'while one waits that has overtaken another',
      inputs: [show(0, 0, 0), dead(1, 200), show(3, 600, 1), again(dead(1, 200), lookOf(1)), show(2, 400, 2)],
      clean: [show(0, 0, 0), show(1, 200, 1), show(3, 600, 1), show(2, 400, 2)],
    },
  ])('is stepped as if it came now: $name', ({ inputs, clean }) => {
    const told = run([looksAlways, ...inputs], restored).filter(({ kind }) => kind !== 'rejected');
    expect(told).toEqual(run([looksAlways, ...clean], restored));
  });

  const three: readonly Input[] = [withPerson(0, 0), dead(1, 200), withPerson(2, 400)];

  test('and is older than what was stepped since is looked at for itself: nothing else is other for it', () => {
    const inputs = [looksAlways, ...three, again(dead(1, 200), somebody), withPerson(3, 600)];
    const told = run(inputs, restored);
    const redriven = observations(told).filter(({ seq }) => seq === 1);
    const object = { class_name: 'person', confidence: 0.8, box: person.box, track_id: null };
    expect(redriven).toEqual([
      {
        ...{ frame_id: frameOf({ seq: 1, atMs: 200 }).frame_id, device_id: 'camera-1', epoch: 1, seq: 1 },
        ...{ captured_at: firstAtMs + 200, lane: 'live', outcome: 'analysed', reason: 'redriven' },
        ...{ width: 320, height: 240, motion: null, objects: [object], model: 'mine@1', config_version: 1 },
      },
    ]);
    const without = run([looksAlways, ...three, withPerson(3, 600)], restored);
    expect(told.filter((output) => output.kind !== 'observation' || output.observation.seq !== 1)).toEqual(without);
  });

  test('tells of nobody of whom the device asks to be surer', () => {
    const strict = configurationOf({ thresholds: { look_every_ms: 0, detection_confidence: 0.9 } });
    const told = observations(run([strict, ...three, again(dead(1, 200), somebody)]));
    expect(told.find(({ seq }) => seq === 1)).toMatchObject({ reason: 'redriven', objects: [] });
  });

  test('is rejected again if its picture is no better', () => {
    for (const inputs of [[dead(0, 0)], [dead(0, 0), show(1, 200, 0)]]) {
      const told = run([...inputs, again(dead(0, 0), noPicture)]);
      expect(told.filter(({ kind }) => kind === 'rejected')).toHaveLength(2);
    }
  });

  test('shows nothing while its device is paused', () => {
    const paused = configurationOf({ device: { paused: true } });
    const told = observations(run([show(0, 0, 0), dead(1, 200), paused, again(dead(1, 200), lookOf(1))]));
    expect(told.at(-1)).toMatchObject({ seq: 1, outcome: 'skipped', reason: 'paused' });
  });

  test('twice makes no event more, and no state other', () => {
    const once = [looksAlways, withPerson(0, 0), withPerson(1, 200), dead(2, 400), again(dead(2, 400), somebody)];
    const twice = [...once, again(dead(2, 400), somebody)];
    for (const more of [[], [withPerson(3, 600), withPerson(4, 1_000)]]) {
      const [first, second] = [once, twice].map((inputs) => runFrom(newDevice, [...inputs, ...more, later], restored));
      expect(events(second?.outputs ?? [])).toEqual(events(first?.outputs ?? []));
      expect(second?.state).toEqual(first?.state);
      expect(observations(second?.outputs ?? []).filter(({ seq }) => seq === 2)).toMatchObject([
        { motion: { score: 0 } },
        { reason: 'redriven', motion: null },
      ]);
    }
  });

  test('waits for its place among uploads without a number, and keeps it over a restart', () => {
    const upload = (seq: number, atMs: number, place: 0 | 1): Input => ({
      frame: frameOf({ epoch: 0, seq, atMs }),
      look: lookOf(place),
    });
    const rejected = { ...upload(2, 2_500, 0), look: noPicture };
    const first = [looksAlways, upload(1, 0, 0), rejected, { tickAtMs: firstAtMs + 5_000 }];
    const step = createSteps(smallGrid);
    const { state } = runFrom(newDevice, first, restored, step);
    const waiting = runFrom(state, [upload(3, 2_600, 1), again(rejected, lookOf(0))], restored, step);
    expect(observations(waiting.outputs)).toEqual([]);
    const told = observations(runFrom(waiting.state, [later], restored, step).outputs);
    expect(told.map(({ seq, motion }) => [seq, motion !== null])).toEqual([
      [2, true],
      [3, true],
    ]);
  });
});

describe('a lane that is told to redrive', () => {
  test('looks again at what its window of seqs has seen, and opens the same letter if that fails', async () => {
    const world = createWorld({ partitionCount: 1 });
    const frames = await showAll(world, visit);
    const [last] = frames.slice(-1);
    if (!last) throw new Error('nothing was shown');
    const clean = createWorld({ partitionCount: 1 });
    await showAll(clean, visit);
    await runLanes(clean.log, [clean.lane()]);

    await world.blobs.delete(last.blob_key);
    await runLanes(world.log, [world.lane()]);
    await world.log.append('frames', [redriveOf(last)]);
    await runLanes(world.log, [world.lane()]);
    const letters = (await readTopic(world.log, 'dead-letters')).map(({ value }) => value);
    const same = { dead_letter_id: expect.any(String), frame_id: last.frame_id, code: 'picture-missing' };
    expect(letters).toMatchObject([
      { ...same, offset: 6 },
      { ...same, offset: 7 },
    ]);
    expect(new Set(letters.map((letter) => 'dead_letter_id' in letter && letter.dead_letter_id)).size).toBe(1);

    await world.blobs.put(last.blob_key, await jpegOf(visit.at(-1)?.place ?? 0));
    await world.log.append('frames', [redriveOf(last)]);
    await runLanes(world.log, [world.lane()]);
    expect(await toldIn(world.log)).toEqual(await toldIn(clean.log));
  });
});

describe('a frame whose record is mended', () => {
  const shown: readonly Shown[] = [0, 200, 400, 600].map((atMs) => ({ atMs, place: 0 }));
  const mended = { [LETTER_HEADER]: derivedId('letter', 1) };

  test.each([
    ['when others have come since, is looked at for itself', 1, mended, { outcome: 'analysed', reason: 'redriven' }],
    ['when none has come since, is stepped as if it came now', 3, mended, { outcome: 'analysed', reason: null }],
    ['and nobody has sent again has come too late', 1, undefined, { outcome: 'skipped', reason: 'out-of-order' }],
  ])('%s', async (_, seq, headers, expected) => {
    const world = createWorld({ partitionCount: 1 });
    const scratch = createWorld({ partitionCount: 1 });
    const frames = await showAll(scratch, shown);
    for (const { blob_key } of frames) await world.blobs.put(blob_key, await jpegOf(0));
    const [before, late] = [frames.filter((frame) => frame.seq !== seq), frames.filter((frame) => frame.seq === seq)];
    const body = { kind: 'TickControl', at: firstAtMs + 3_000 } as const;
    const control = { control_id: derivedId('tick', 1), device_id: 'camera-1', issued_at: firstAtMs, body };
    const tick = { key: 'camera-1', value: fixedCodec.encode('control', control) };
    await world.log.append('frames', [...before.map((frame) => recordOf(frame)), tick]);
    await runLanes(world.log, [world.lane()]);
    await world.log.append('frames', [...late.map((frame) => recordOf(frame, headers)), tick]);
    await runLanes(world.log, [world.lane()]);
    const told = (await readTopic(world.log, 'observations')).map(({ value }) => value);
    expect(told.find((value) => 'seq' in value && value.seq === seq)).toMatchObject(expected);
  });

  test('is known for one while it waits, over a restart too', () => {
    const first = recordOf(frameOf({ seq: 5, atMs: 0 }), mended);
    const record = { key: first.key, value: first.value, headers: mended, offset: 3n, appendedAtMs: firstAtMs };
    const input = readInput(record, fixedCodec);
    if (input.kind !== 'frame') throw new Error('it is no frame');
    const [line] = lineUp(newLine, input, record);
    expect(line.waiting.held).toMatchObject([{ redriven: true, frame: { seq: 5 } }]);
    expect(restored({ ...newDevice, line }).line.waiting.held).toEqual(line.waiting.held);
  });
});

test('what is redriven and fails again, however much of it, is no flood of dead letters', async () => {
  const world = createWorld({ partitionCount: 1 });
  const controls = Array.from({ length: 150 }, (_, seq) => redriveOf(frameOf({ seq, atMs: seq * 200 })));
  const records = Array.from({ length: 150 }, (_, at) => ({
    key: 'camera-1',
    value: Buffer.from('x'),
    headers: { [LETTER_HEADER]: derivedId('letter', at) },
  }));
  await world.log.append('frames', [...controls, ...records]);
  await runLanes(world.log, [world.lane({ flood: 'stop' })]);
  expect(await readTopic(world.log, 'dead-letters')).toHaveLength(300);
  expect(world.troubles).toEqual([]);
});

test.each([
  ['what was stored', 'a picture', true],
  ['another', 'b picture', false],
])('of a picture that is redriven, %s is taken for it', async (_, content, isTaken) => {
  const stored = Buffer.from('a picture');
  const fetchPicture = createFetchPicture({
    blobs: { get: async () => Buffer.from(content) },
    isErased: async () => false,
  });
  const frame = frameOf({ seq: 0, atMs: 0 });
  const known = { ...frame, size_bytes: stored.length, sha256: hash('sha256', stored, 'buffer') };
  if (isTaken) expect(await fetchPicture(known)).toEqual(stored);
  else await expect(fetchPicture(known)).rejects.toThrow('not those which were stored');
  // Whoever asked for it knows that it is another.
  expect(await fetchPicture({ ...frame, size_bytes: null, sha256: null })).toEqual(Buffer.from(content));
});

function configurationOf(settings: object): Configuration {
  const configuration = readConfiguration({ version: 1, settings_json: JSON.stringify(settings) });
  if (!configuration) throw new Error('these are no settings');
  return configuration;
}
