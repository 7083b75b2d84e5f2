import { describe, expect, test } from 'vitest';
import { Outage } from '../ports/errors.ts';
import {
  createRecordedTracing,
  type RecordedSpan,
  type RecordedTracing,
} from '../ports/tracing/recorded-under-test.ts';
import { frameOf, recordOf } from './frames-under-test.ts';
import { createWorld, failing, jpegOf, readTopic, runLanes, toldIn, watched } from './lane-under-test.ts';
import { show, traceOf, visit } from './visit-under-test.ts';

const framesIn = ({ spans }: RecordedTracing) => spans.filter(({ name }) => name === 'process frames');
const below = ({ spans }: RecordedTracing, { spanId }: RecordedSpan) =>
  spans.filter((one) => one.parentSpanId === spanId);
const outcomesIn = (tracing: RecordedTracing) =>
  framesIn(tracing).map(({ attributes }) => attributes['passerby.outcome']);

/** Whatever has happened, no span stays open and none is ended twice. */
function expectAllEnded({ spans }: RecordedTracing): void {
  expect(spans.filter(({ ends }) => ends !== 1)).toEqual([]);
}

describe('spans of frames', () => {
  test("are of each frame's own trace, with its stages below, and what follows carries them on", async () => {
    const [world, tracing] = [createWorld(), createRecordedTracing()];
    const frames = await show(world, visit, { traced: true });
    await runLanes(world.log, [world.lane({ tracing })]);

    const spans = framesIn(tracing);
    expect(spans.map(({ attributes }) => attributes['passerby.frame_id'])).toEqual(frames.map((one) => one.frame_id));
    for (const [at, span] of spans.entries()) {
      const [, traceId, spanId] = (traceOf(at).traceparent ?? '').split('-');
      expect(span).toMatchObject({ kind: 'consumer', trace: { traceId }, parentSpanId: spanId, error: undefined });
      const stages = below(tracing, span).map(({ name }) => name);
      expect(stages).toEqual(['fetch', 'decode', 'motion', 'infer', 'step', 'commit']);
    }
    expect(outcomesIn(tracing)).toEqual(visit.map(() => 'analysed'));
    expectAllEnded(tracing);

    const carried = async (topic: string) => (await readTopic(world.log, topic)).map(({ headers }) => headers);
    expect(await carried('observations')).toEqual(spans.map(({ trace }) => ({ traceparent: trace.traceparent })));
    expect(await carried('events')).toEqual([2, 4, 4, 6].map((at) => ({ traceparent: spans[at]?.trace.traceparent })));
  });

  test('change nothing of what is told', async () => {
    const [traced, plain] = [createWorld(), createWorld()];
    await show(traced, visit, { traced: true });
    await show(plain, visit);
    await runLanes(traced.log, [traced.lane({ tracing: createRecordedTracing() })]);
    await runLanes(plain.log, [plain.lane()]);
    expect(await toldIn(traced.log)).toEqual(await toldIn(plain.log));
    const statesIn = async ({ log }: typeof plain) =>
      (await readTopic(log, 'tracker-state')).map(({ bytes }) => bytes.toString('hex'));
    expect(await statesIn(traced)).toEqual(await statesIn(plain));
  });

  test('of a picture that cannot be had say so, and begin again with the next attempt', async () => {
    const [world, tracing] = [createWorld({ partitionCount: 1 }), createRecordedTracing()];
    const frames = Array.from({ length: 20 }, (_, at) => {
      const [device, seq] = [`camera-${at % 2}`, Math.floor(at / 2)];
      return frameOf({ device, seq, atMs: 200 * seq, blobKey: `images/${device}/${seq}.jpg` });
    });
    for (const frame of frames) {
      await world.blobs.put(frame.blob_key, await jpegOf(0));
      await world.log.append('frames', [recordOf(frame, traceOf(frame.seq))]);
    }
    let times = 1;
    const [first] = frames.slice(8);
    if (!first) throw new Error('there is no such frame');
    const blobs = failing(world.blobs, (key) => key === first.blob_key && times-- > 0);
    await runLanes(world.log, [world.lane({ tracing, blobs })]);

    const attempts = framesIn(tracing).filter(({ attributes }) => attributes['passerby.frame_id'] === first.frame_id);
    expect(attempts.map(({ attributes }) => attributes['passerby.outcome'])).toEqual(['put-off', 'analysed']);
    const [failed] = attempts.flatMap((span) => below(tracing, span));
    expect(failed).toMatchObject({ name: 'fetch', error: expect.any(Outage) });
    expect(new Set(attempts.map(({ trace }) => trace.traceId)).size).toBe(1);
    expectAllEnded(tracing);
  });

  test('of a batch that is not committed have failed, and begin again with the batch', async () => {
    const [world, tracing] = [createWorld({ partitionCount: 1 }), createRecordedTracing()];
    await show(world, visit.slice(0, 2), { traced: true });
    const outage = new Outage('the log', 'does not answer');
    let times = 1;
    const lane = watched(world.lane({ tracing }), () => {
      if (times-- > 0) throw outage;
    });
    await runLanes(world.log, [lane]);
    expect(framesIn(tracing).map(({ error }) => error)).toEqual([outage, outage, undefined, undefined]);
    expectAllEnded(tracing);
  });

  test.each([
    ['no headers', undefined],
    ['headers of somebody else', { b3: '1-2-3', traceparent: 'nonsense' }],
  ])('of a record with %s begin a trace', async (_, headers) => {
    const [world, tracing] = [createWorld({ partitionCount: 1 }), createRecordedTracing()];
    const frame = frameOf({ seq: 0, atMs: 0 });
    await world.blobs.put(frame.blob_key, await jpegOf(0));
    await world.log.append('frames', [recordOf(frame, headers)]);
    await runLanes(world.log, [world.lane({ tracing })]);
    const [span] = framesIn(tracing);
    expect(span).toMatchObject({ parentSpanId: null });
    const [observation] = await readTopic(world.log, 'observations');
    expect(observation?.headers).toEqual({ ...headers, traceparent: span?.trace.traceparent });
    expectAllEnded(tracing);
  });

  test('are of frames that become dead letters too, and not of what is no frame', async () => {
    const [world, tracing] = [createWorld({ partitionCount: 1 }), createRecordedTracing()];
    await world.log.append('frames', [
      { key: 'camera-1', value: Buffer.from('no record'), headers: traceOf(0) },
      recordOf(frameOf({ seq: 0, atMs: 0 }), traceOf(1)),
    ]);
    await runLanes(world.log, [world.lane({ tracing, flood: 'pass' })]);
    const [span] = framesIn(tracing);
    expect(outcomesIn(tracing)).toEqual(['dead']);
    expect((await readTopic(world.log, 'dead-letters')).map(({ headers }) => headers)).toEqual([
      traceOf(0),
      { traceparent: span?.trace.traceparent },
    ]);
    expectAllEnded(tracing);
  });
});
