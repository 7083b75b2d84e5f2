import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRecordedTracing } from '../ports/tracing/recorded-under-test.ts';
import { tracedLog } from '../ports/tracing/traced-log.ts';
import { frameId } from '../schemas/identity.ts';
import { LEASE_MS, UPLOAD_EPOCH } from './claims.ts';
import { type IngestRig, picture, sent, startIngestRig } from './rig-under-test.ts';

let rig: IngestRig;

beforeAll(async () => {
  rig = await startIngestRig();
});
afterAll(() => rig.services.stop());

test('a new frame is a picture, a record and a confirmed claim', async () => {
  const accept = await rig.open();
  const statedMs = rig.clock.nowMs() - 500;
  const accepted = await accept(sent('one', statedMs));
  expect(accepted).toEqual({ status: 'queued', frameId: frameId('one', UPLOAD_EPOCH, 1) });
  const [frame, ...others] = await rig.framesOf('one');
  expect(others).toEqual([]);
  expect(frame).toMatchObject({
    topic: 'frames',
    frame_id: frameId('one', UPLOAD_EPOCH, 1),
    seq: 1,
    captured_at: statedMs,
    device_time: statedMs,
    time_quality: 'device',
    received_at: rig.clock.nowMs(),
    blob_key: `images/one/${statedMs}.jpg`,
    size_bytes: picture('a picture').length,
    lane: 'live',
  });
  expect(await rig.services.openBlobs().get(`images/one/${statedMs}.jpg`)).toEqual(picture('a picture'));
  expect(await rig.claimsOf('one')).toMatchObject([{ seq: 1, confirmed: true }]);
});

test.each([
  { processes: 1, device: 'sixteen', identity: null },
  { processes: 2, device: 'sixteen-over-two', identity: null },
  { processes: 2, device: 'sixteen-with-a-seq', identity: { epoch: UPLOAD_EPOCH + 1, seq: 1 } },
])('posts at once, to one process or two: of $device one takes effect', async ({ processes, device, identity }) => {
  const accepts = await Promise.all(Array.from({ length: processes }, () => rig.open()));
  const frame = { ...sent(device, rig.clock.nowMs()), identity };
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, post) => accepts[post % processes]?.(frame) ?? Promise.reject()),
  );
  const answered = answers.map(({ status }) => status);
  expect(answered.filter((status) => status === 'queued')).toHaveLength(1);
  expect(answered.filter((status) => status === 'duplicate')).toHaveLength(15);
  expect(new Set(answers.map((answer) => answer.frameId))).toEqual(
    new Set([frameId(device, identity?.epoch ?? UPLOAD_EPOCH, 1)]),
  );
  expect(await rig.framesOf(device)).toHaveLength(1);
  expect(await rig.blobKeysOf(device)).toHaveLength(1);
});

test('two pictures of one millisecond both stay, and each sent again is a duplicate', async () => {
  const accept = await rig.open();
  const statedMs = rig.clock.nowMs();
  const frames = [sent('twins', statedMs, 'left'), sent('twins', statedMs, 'right')] as const;
  const first = [await accept(frames[0]), await accept(frames[1])];
  expect(first).toMatchObject([{ status: 'queued' }, { status: 'queued' }]);
  expect([await accept(frames[0]), await accept(frames[1])]).toEqual(
    first.map((answer) => ({ ...(answer as object), status: 'duplicate' })),
  );
  const stored = await rig.framesOf('twins');
  expect(stored.map(({ blob_key }) => blob_key)).toEqual([
    `images/twins/${statedMs}.jpg`,
    expect.stringMatching(new RegExp(`^images/twins/${statedMs}-[\\da-f]{8}\\.jpg$`)),
  ]);
  const blobs = rig.services.openBlobs();
  expect(await Promise.all(stored.map(({ blob_key }) => blobs.get(blob_key)))).toEqual([
    picture('left'),
    picture('right'),
  ]);
});

test('many pictures of one millisecond at once all stay', async () => {
  const accepts = [await rig.open(), await rig.open()] as const;
  const statedMs = rig.clock.nowMs();
  await Promise.all(
    Array.from({ length: 20 }, (_, at) => accepts[at % 2 ? 1 : 0](sent('burst', statedMs, `picture ${at}`))),
  );
  const stored = await rig.framesOf('burst');
  expect(stored.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
  expect(new Set(stored.map(({ blob_key }) => blob_key)).size).toBe(20);
});

test('a frame more than 2 s older than the newest takes the backlog', async () => {
  const accept = await rig.open();
  const now = rig.clock.nowMs();
  for (const ageMs of [1_000, 0, 2_000, 2_001, 3_600_000]) await accept(sent('late', now - ageMs));
  const lanes = (await rig.framesOf('late')).map(({ captured_at, lane, topic }) => [now - captured_at, lane, topic]);
  expect(lanes.sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual([
    [0, 'live', 'frames'],
    [1_000, 'live', 'frames'],
    [2_000, 'live', 'frames'],
    [2_001, 'backlog', 'backlog'],
    [3_600_000, 'backlog', 'backlog'],
  ]);
});

test('a time that cannot be is the time of arrival', async () => {
  const accept = await rig.open();
  const arrivedMs = rig.clock.nowMs();
  await accept(sent('boot-counter', 12_345));
  expect(await accept(sent('boot-counter', 12_345))).toMatchObject({ status: 'duplicate' });
  expect(await rig.framesOf('boot-counter')).toMatchObject([
    { captured_at: arrivedMs, device_time: 12_345, time_quality: 'arrival', blob_key: 'images/boot-counter/12345.jpg' },
  ]);
});

test('a clock that is set back between a crash and its retry does not hold the retry up', async () => {
  const crashing = await rig.open(({ blobs }) => ({
    blobs: { ...blobs, put: () => Promise.reject(new Error('killed')) },
  }));
  const frame = sent('clock-back', rig.clock.nowMs());
  await expect(crashing(frame)).rejects.toThrow('killed');
  rig.clock.advance(-3_600_000);
  try {
    const startedMs = performance.now();
    expect(await (await rig.open())(frame)).toMatchObject({ status: 'queued' });
    expect(performance.now() - startedMs).toBeLessThan(LEASE_MS);
  } finally {
    rig.clock.advance(3_600_000);
  }
});

test('a frame of a time that was erased is acknowledged, and neither stored nor missing', async () => {
  const accept = await rig.open();
  const nowMs = rig.clock.nowMs();
  const { status } = await accept(sent('erased', nowMs - 60_000));
  expect(status).toBe('queued');
  await rig.erase('erased', nowMs - 60_000, nowMs - 30_000);
  const blobs = rig.services.openBlobs();
  const late = { ...sent('erased', nowMs - 30_001, 'late'), identity: { epoch: 1, seq: 7 } };
  expect(await accept(late)).toEqual({ status: 'erased', frameId: frameId('erased', 1, 7) });
  // One that its device has put in place itself goes with it.
  await blobs.put('devices/erased/2026/05/01/8-x.jpg', late.jpeg);
  const placed = { identity: { epoch: 1, seq: 8 }, blob: { storedAt: 'devices/erased/2026/05/01/8-x.jpg' } };
  expect(await accept({ ...late, ...placed })).toMatchObject({ status: 'erased' });
  expect(await blobs.get('devices/erased/2026/05/01/8-x.jpg')).toBeNull();
  expect(await rig.framesOf('erased')).toHaveLength(1);
  expect(await rig.blobKeysOf('erased')).toHaveLength(1);
  const claims = await rig.claimsOf('erased');
  expect(claims.map(({ seq, confirmed }) => [seq, confirmed])).toEqual([
    [1, true],
    [7, true],
    [8, true],
  ]);
  // The first moment after it is not part of it.
  expect(await accept(sent('erased', nowMs - 30_000))).toMatchObject({ status: 'queued' });
  expect(await accept(late)).toMatchObject({ status: 'duplicate' });
});

interface Row {
  readonly key: string;
  readonly headers: object | null;
}
const headersIn = async (device: string) =>
  (await rig.services.rows<Row>('log.records')).flatMap(({ key, headers }) => (key === device ? [headers] : []));

test("a frame's claim, picture and record are spans of its request, and the record says of which it came", async () => {
  const tracing = createRecordedTracing();
  const accept = await rig.open(({ log }) => ({ tracing, log: tracedLog(log, tracing) }));
  const frame = sent('in-spans', rig.clock.nowMs());
  await accept(frame);
  expect(tracing.spans.map(({ name }) => name)).toEqual(['claim', 'put picture', 'send frames']);
  const of = { parentSpanId: 'b'.repeat(16), trace: { traceId: frame.trace.traceId }, ends: 1, error: undefined };
  expect(tracing.spans).toMatchObject([{ ...of, attributes: { 'passerby.outcome': 'claimed' } }, of, of]);
  expect(await headersIn('in-spans')).toEqual([{ traceparent: tracing.spans[2]?.trace.traceparent }]);
  await accept(frame);
  expect(tracing.spans.slice(3)).toMatchObject([{ name: 'claim', attributes: { 'passerby.outcome': 'duplicate' } }]);
});

test("without tracing the record has its request's traceparent, and no header more", async () => {
  const accept = await rig.open();
  const frame = sent('in-no-spans', rig.clock.nowMs());
  await accept(frame);
  expect(await headersIn('in-no-spans')).toEqual([{ traceparent: frame.trace.traceparent }]);
});
