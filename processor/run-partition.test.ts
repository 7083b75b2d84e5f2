import { describe, expect, test } from 'vitest';
import type { Trouble } from '../ports/log/log.ts';
import { fixedCodec } from '../schemas/codec.ts';
import type { Lane } from '../schemas/types.ts';
import { newDevice } from './device-under-test.ts';
import { firstAtMs, frameOf, type Place, recordOf } from './frames-under-test.ts';
import { areRead, createWorld, jpegOf, readTopic, runLanes, toldIn, watched } from './lane-under-test.ts';
import { newLine } from './line-up.ts';
import { packState } from './state.ts';
import { type Shown, show, traceOf, visit } from './visit-under-test.ts';

describe('a lane', () => {
  test('makes of frames observations, events and a state', async () => {
    const world = createWorld();
    await show(world, visit);
    await runLanes(world.log, [world.lane()]);
    const observations = await readTopic(world.log, 'observations');
    expect(observations.map(({ key, value }) => [key, 'seq' in value && value.seq])).toEqual(
      visit.map((_, seq) => ['camera-1', seq]),
    );
    const events = (await readTopic(world.log, 'events')).map(({ value }) => value);
    expect(events.filter((event) => 'type' in event && event.type === 'motion')).toMatchObject([
      { version: 1, occurred_at: firstAtMs + 200, ended_at: null },
      { version: 2, occurred_at: firstAtMs + 200, ended_at: firstAtMs + 600 },
      { version: 1, occurred_at: firstAtMs + 4_000, ended_at: null },
    ]);
    expect(events.filter((event) => 'type' in event && event.type === 'visit')).toMatchObject([
      { version: 1, ended_at: null, payload: { kind: 'Visit', state: 'opened' }, model: 'brightness@1' },
    ]);
    const states = await readTopic(world.log, 'tracker-state');
    expect(states.map(({ key, value }) => ({ key, value }))).toMatchObject([
      { key: 'live/camera-1', value: { device_id: 'camera-1', lane: 'live', topic: 'frames', offset: visit.length } },
    ]);
    expect(await readTopic(world.log, 'dead-letters')).toEqual([]);
    expect(world.troubles).toEqual([]);
  });

  test('carries the trace of a frame on to all that follows from it', async () => {
    const world = createWorld();
    const frames = await show(world, visit, { traced: true });
    await world.log.append('frames', [{ key: 'camera-1', value: Buffer.from('x'), headers: traceOf(99) }]);
    await runLanes(world.log, [world.lane()]);
    const tracesOf = async (topic: string) => (await readTopic(world.log, topic)).map(({ headers }) => headers);
    expect(await tracesOf('observations')).toEqual(frames.map(({ seq }) => traceOf(seq)));
    // An event carries the trace of the frame by which it was told.
    expect(await tracesOf('events')).toEqual([2, 4, 4, 6].map(traceOf));
    expect(await tracesOf('dead-letters')).toEqual([traceOf(99)]);
    const [, trace_id] = (traceOf(frames[0]?.seq ?? 0).traceparent ?? '').split('-');
    expect(world.lines[0]).toEqual({
      device: 'camera-1',
      frame: frames[0]?.frame_id,
      trace_id,
      lane: 'live',
      outcome: 'analysed',
    });
  });

  test('puts aside what is no record, with its bytes and the reason, and goes on', async () => {
    const world = createWorld({ partitionCount: 1 });
    const unknown = Buffer.from([0, 0, 1, 0, 0, 7]);
    const corrupt = fixedCodec.encode('frame', frameOf({ seq: 1, atMs: 0 })).subarray(0, 40);
    const poison = [Buffer.from('no record'), unknown, corrupt, Buffer.alloc(0)];
    await show(world, visit.slice(0, 2));
    await world.log.append(
      'frames',
      poison.map((value) => ({ key: 'camera-1', value })),
    );
    await show(world, visit.slice(2), { fromSeq: 2 });
    await runLanes(world.log, [world.lane({ batchRecordsMax: 3 })]);
    const letters = (await readTopic(world.log, 'dead-letters')).map(({ value }) => value);
    expect(letters).toMatchObject(
      ['not-confluent', 'unknown-schema', 'corrupt-body', 'not-confluent'].map((code, at) => ({
        code,
        original_value: poison[at],
        original_key: 'camera-1',
        topic: 'frames',
        partition: 0,
        offset: 2 + at,
        device_id: null,
        frame_id: null,
      })),
    );
    expect(new Set(letters.map((letter) => 'dead_letter_id' in letter && letter.dead_letter_id)).size).toBe(4);
    expect(await readTopic(world.log, 'observations')).toHaveLength(visit.length);
    expect(world.troubles).toEqual([]);
  });

  test('puts aside frames whose picture is missing, broken or nowhere, and goes on', async () => {
    const world = createWorld();
    const missing = frameOf({ seq: 7, atMs: 300 });
    const broken = frameOf({ seq: 8, atMs: 350 });
    const nowhere = frameOf({ seq: 9, atMs: 370, blobKey: '../../etc/passwd' });
    await world.blobs.put(broken.blob_key, (await jpegOf(1)).subarray(0, 200));
    await show(world, visit.slice(0, 2));
    await world.log.append('frames', [recordOf(missing), recordOf(broken), recordOf(nowhere), recordOf(missing)]);
    await show(world, visit.slice(2), { fromSeq: 2 });
    await runLanes(world.log, [world.lane()]);
    expect((await readTopic(world.log, 'dead-letters')).map(({ value }) => value)).toMatchObject(
      [
        { frame: missing, code: 'picture-missing' },
        { frame: broken, code: 'undecodable' },
        { frame: nowhere, code: 'bad-blob-key' },
      ].map(({ frame, code }) => ({
        code,
        device_id: 'camera-1',
        frame_id: frame.frame_id,
        captured_at: frame.captured_at,
        original_value: fixedCodec.encode('frame', frame),
      })),
    );
    expect(await toldIn(world.log)).toEqual(await undisturbed(visit));
    expect(world.troubles).toEqual([]);
  });

  test('is known to the log by a name that never changes, since its place is kept under it', () => {
    const { lane } = createWorld();
    const groups = (['live', 'backlog'] as const).map((name) => lane({ lane: name }).group);
    expect(groups).toEqual(['processor-live', 'processor-backlog']);
  });

  test('passes over the other control records, and gives a deletion to the dead letters', async () => {
    const lane = createWorld().lane();
    const body = { kind: 'TickControl', at: firstAtMs } as const;
    const control_id = frameOf({ seq: 0, atMs: 0 }).frame_id;
    const tick = fixedCodec.encode('control', { control_id, device_id: 'camera-1', issued_at: firstAtMs, body });
    const at = (offset: bigint, value: Buffer | null) => ({ key: 'camera-1', value, offset, appendedAtMs: firstAtMs });
    const { state } = await lane.open({ partition: 0, committed: 0n }, (async function* () {})());
    const { outputs } = await lane.step(state, { partition: 0, records: [at(0n, tick), at(1n, null)], readTo: 2n });
    expect(outputs.map(({ topic }) => topic)).toEqual(['dead-letters']);
  });

  test('does not go on from a state that is ahead of the group, as after offsets were reset', async () => {
    const world = createWorld();
    await show(world, visit);
    await runLanes(world.log, [world.lane()]);
    const states = await readTopic(world.log, 'tracker-state');
    async function* changelog() {
      for (const { key, bytes: value } of states) yield { key, value, offset: 0n, appendedAtMs: firstAtMs };
    }
    const last = Math.max(...states.map(({ value }) => ('offset' in value ? value.offset : 0)));
    const open = (committed: number) => world.lane().open({ partition: 0, committed: BigInt(committed) }, changelog());
    await expect(open(last)).resolves.toBeDefined();
    await expect(open(last - 1)).rejects.toThrow('not of the same log');
  });

  test('passes over what is no state among the states, and says so', async () => {
    const world = createWorld({ partitionCount: 1 });
    await world.log.append('tracker-state', [
      { key: 'live/camera-1', value: Buffer.from('garbage') },
      { key: 'live/camera-2', value: recordOf(frameOf({ seq: 0, atMs: 0 })).value },
    ]);
    await show(world, visit);
    await runLanes(world.log, [world.lane()]);
    expect(await toldIn(world.log)).toEqual(await undisturbed(visit));
    expect(world.troubles).toEqual([]);
  });

  test('gives a frame of a device that cannot be called so to the dead letters: its name would be on all that follows', async () => {
    const world = createWorld();
    const frame = { ...frameOf({ seq: 0, atMs: 0 }), device_id: 'x'.repeat(600_000) };
    await world.log.append('frames', [{ key: 'camera-1', value: fixedCodec.encode('frame', frame) }]);
    await runLanes(world.log, [world.lane()]);
    const letters = await readTopic(world.log, 'dead-letters');
    expect(letters.map(({ key, value }) => [key, 'code' in value && value.code])).toEqual([
      ['camera-1', 'bad-device-id'],
    ]);
    expect(await readTopic(world.log, 'observations')).toEqual([]);
  });

  test('tells of a frame once, though its record lies in the log twice', async () => {
    const world = createWorld();
    const frames = await show(world, visit);
    await world.log.append('frames', frames.map((frame) => recordOf(frame)).toReversed());
    await runLanes(world.log, [world.lane({ batchRecordsMax: 4 })]);
    expect(await toldIn(world.log)).toEqual(await undisturbed(visit));
    const counted = await world.metrics.getSingleMetricAsString('passerby_processor_frames_total');
    expect(counted).toContain('{lane="live",outcome="analysed"} 7');
    expect(counted).toContain('{lane="live",outcome="duplicate"} 7');
  });

  test('does not make a device wait for all of what another has sent before it', async () => {
    const world = createWorld({ partitionCount: 1 });
    const picture = frameOf({ seq: 0, atMs: 0 }).blob_key;
    await world.blobs.put(picture, await jpegOf(0));
    const framesOf = (device: string, count: number) =>
      Array.from({ length: count }, (_, seq) => recordOf(frameOf({ device, seq, atMs: 200 * seq, blobKey: picture })));
    await world.log.append('frames', [...framesOf('camera-1', 300), ...framesOf('camera-2', 80)]);
    const told = async () => (await readTopic(world.log, 'observations')).map(({ key }) => key);

    const stop = new AbortController();
    let batches = 0;
    let waiting = Promise.resolve('');
    const first = watched(world.lane(), () => {
      batches += 1;
      if (batches !== 2) return;
      waiting = world.metrics.getSingleMetricAsString('passerby_processor_put_off_records');
      stop.abort();
    });
    await runLanes(world.log, [first], stop);
    const after = await told();
    expect(after.filter((key) => key === 'camera-2')).toHaveLength(80);
    expect(after).toHaveLength(200);
    expect(await waiting).toContain('{lane="live",partition="0"} 180');

    // What was taken ahead of the group's place comes again, and is neither told nor counted once more.
    await runLanes(world.log, [world.lane()]);
    expect((await told()).toSorted()).toEqual([...Array(300).fill('camera-1'), ...Array(80).fill('camera-2')]);
    expect(await world.metrics.getSingleMetricAsString('passerby_processor_frames_total')).not.toContain('duplicate');
    const states = await readTopic(world.log, 'tracker-state');
    const newest = states.findLast(({ key }) => key === 'live/camera-1')?.value;
    expect(newest, 'where the group stands').toMatchObject({ offset: 380, taken_to: null });
  });

  test('gives nothing to the dead letters twice that lies behind what is put off', async () => {
    const world = createWorld({ partitionCount: 1 });
    await show(world, visit);
    await world.log.append('frames', [{ key: 'camera-2', value: Buffer.from('x') }]);
    for (let life = 0; life < visit.length; life += 1) {
      const stop = new AbortController();
      const lane = watched(world.lane({ deviceRecordsMax: 1 }), () => stop.abort());
      await runLanes(world.log, [lane], stop);
      expect(await readTopic(world.log, 'dead-letters')).toHaveLength(1);
      expect(await readTopic(world.log, 'observations')).toHaveLength(life + 1);
    }
    expect(await toldIn(world.log)).toEqual(await undisturbed(visit));
  });

  test('goes on after a restart as if there had been none, wherever it was stopped', async () => {
    const expected = await undisturbed(visit);
    for (let place = 1; place < visit.length; place += 1) {
      const world = createWorld();
      await show(world, visit);
      const stop = new AbortController();
      let stepped = 0;
      const first = watched(world.lane({ batchRecordsMax: 1 }), () => {
        stepped += 1;
        if (stepped === place) stop.abort();
      });
      await runLanes(world.log, [first], stop);
      expect(await readTopic(world.log, 'observations')).toHaveLength(place);
      await runLanes(world.log, [world.lane()]);
      expect(await toldIn(world.log)).toEqual(expected);
    }
  });

  test('has a state of its own, which the other lane of the device never meets', async () => {
    const late = visit.map(({ atMs, place }) => ({ atMs: atMs - 90_000, place: (3 - place) as Place }));
    const expected = new Map([...(await undisturbed(visit)), ...(await undisturbed(late, 'backlog', 100))]);
    const world = createWorld();
    await show(world, visit.slice(0, 3));
    await show(world, late.slice(0, 4), { lane: 'backlog', fromSeq: 100 });
    const lanes = () => [world.lane(), world.lane({ lane: 'backlog' })];
    await runLanes(world.log, lanes());
    await show(world, visit.slice(3), { fromSeq: 3 });
    await show(world, late.slice(4), { lane: 'backlog', fromSeq: 104 });
    await runLanes(world.log, lanes());
    expect(await toldIn(world.log)).toEqual(new Map([...expected].sort()));
  });

  test('does not begin where it cannot read its state: to begin anew would tell everything twice', async () => {
    const world = createWorld({ partitionCount: 1 });
    await show(world, visit);
    const state = packState({
      ...newDevice,
      line: { ...newLine, seen: [{ epoch: 1, highest: 0, bits: new Uint8Array(512) }] },
    });
    const place = { topic: 'frames', partition: 0, offset: 0, taken_to: null };
    const stored = { device_id: 'camera-1', lane: 'live' as const, ...place, state };
    const value = fixedCodec.encode('tracker-state', { ...stored, state_version: 99 });
    await world.log.append('tracker-state', [{ key: 'live/camera-1', value }]);
    const troubles: Trouble[] = [];
    const stop = new AbortController();
    const onTrouble = (trouble: Trouble) => {
      troubles.push(trouble);
      stop.abort();
    };
    const subscription = world.lane({ onTrouble });
    await runLanes(world.log, [subscription], stop);
    expect(String(troubles[0]?.error)).toContain('version 99');
    expect(await areRead(world.log, [subscription])).toBe(false);
    expect(await readTopic(world.log, 'observations')).toEqual([]);
  });
});

async function undisturbed(shown: readonly Shown[], lane: Lane = 'live', fromSeq = 0) {
  const world = createWorld();
  await show(world, shown, { lane, fromSeq });
  await runLanes(world.log, [world.lane({ lane })]);
  return toldIn(world.log);
}
