import { afterAll, beforeAll, expect, test } from 'vitest';
import { Outage } from '../ports/errors.ts';
import { statement } from '../ports/store/statement.ts';
import { createRecordedTracing } from '../ports/tracing/recorded-under-test.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { attempt, event, frame, letter, NOW_MS, observation } from '../schemas/records-under-test.ts';
import { type AggregatorRig, startAggregatorRig } from './rig-under-test.ts';

const insertClaim = statement(import.meta.url, './sql/test-insert-claim.sql');

let rig: AggregatorRig;
beforeAll(async () => {
  rig = await startAggregatorRig();
});
afterAll(() => rig.services.stop());

interface Row {
  readonly [column: string]: unknown;
}
async function captureOf(seq: number): Promise<Row | undefined> {
  const rows = await rig.services.rows<Row>('captures');
  return rows.find((row) => row.seq === seq);
}
async function eventOf(name: string): Promise<Row | undefined> {
  const rows = await rig.services.rows<Row>('events');
  return rows.find(({ id }) => id === event(name).event_id);
}

test('a frame and its observation make one row, whichever comes first', async () => {
  await rig.append('frames', 'frame', frame(1), frame(3));
  await rig.drain();
  expect(await captureOf(1)).toMatchObject({ state: 'queued', attempts: 0, blob_key: 'images/camera/1.jpg' });
  await rig.append('observations', 'observation', observation(1), observation(2));
  await rig.drain();
  expect(await captureOf(2)).toMatchObject({ state: 'done', blob_key: null, time_quality: null });
  await rig.append('frames', 'frame', frame(2));
  await rig.drain();

  const [first, second] = [await captureOf(1), await captureOf(2)];
  expect(first).toEqual({
    frame_id: frame(1).frame_id,
    captured_at: new Date(NOW_MS + 200),
    device_id: 'camera',
    epoch: 0,
    seq: 1,
    time_quality: 'device',
    lane: 'live',
    received_at: new Date(NOW_MS + 250),
    blob_key: 'images/camera/1.jpg',
    size_bytes: 20_000,
    sha256: Buffer.alloc(32, 1),
    state: 'done',
    attempts: 1,
    error: null,
    width: 640,
    height: 480,
    motion: 0.25,
    trace_id: 'ab'.repeat(16),
    downscaled: null,
    sent_sha256: null,
  });
  const { frame_id, captured_at, received_at, blob_key, sha256 } = frame(2);
  expect(second).toEqual({
    ...first,
    frame_id,
    captured_at: new Date(captured_at),
    seq: 2,
    received_at: new Date(received_at),
    blob_key,
    sha256,
  });
  expect(await captureOf(3)).toMatchObject({ state: 'queued' });
});

test('a frame that was appended and never confirmed is confirmed, once', async () => {
  const { device_id, seq, captured_at } = frame(20);
  await rig.services.store.run(insertClaim, [device_id, seq, new Date(captured_at)]);
  for (let times = 0; times < 2; times += 1) {
    await rig.append('frames', 'frame', frame(20));
    await rig.drain();
    expect(await rig.services.rows('frame_claims')).toMatchObject([{ seq, confirmed: true }]);
    expect(await rig.services.rows('ledger_hours')).toMatchObject([
      { device_id, epoch: 0, received: 1, last_seq: seq },
    ]);
  }
});

test('a record that comes again, in its batch or later, does nothing', async () => {
  const [late, twice] = [frame(10, { lane: 'backlog' }), frame(11)];
  await rig.append('backlog', 'frame', late, late);
  await rig.append('frames', 'frame', twice, twice);
  await rig.append('observations', 'observation', observation(11), observation(11));
  await rig.append('events', 'event', event('twice'), event('twice'));
  await rig.append('dead-letters', 'dead-letter', letter(12), letter(12));
  await rig.drain();
  const before = await Promise.all(['captures', 'events', 'dead_letters'].map((table) => rig.services.rows(table)));
  await rig.append('backlog', 'frame', late);
  await rig.append('frames', 'frame', twice);
  await rig.append('observations', 'observation', observation(11));
  await rig.append('events', 'event', event('twice'));
  await rig.append('dead-letters', 'dead-letter', letter(12));
  await rig.drain();
  const after = await Promise.all(['captures', 'events', 'dead_letters'].map((table) => rig.services.rows(table)));
  for (const [at, rows] of after.entries()) expect(new Set(rows)).toEqual(new Set(before[at]));
});

const versions = (name: string) =>
  [1, 2, 3].map((version) => event(name, { version, ended_at: NOW_MS + version * 1_000, frame_seq: version }));

test.each([
  ['in order', [0, 1, 2]],
  ['backwards', [2, 1, 0]],
  ['mixed', [1, 2, 0, 1]],
])('the highest version of an event stays: %s, in one batch and one by one', async (order, told) => {
  for (const batch of [500, 1]) {
    const name = `versions ${order} ${batch}`;
    const three = versions(name);
    await rig.append('events', 'event', ...told.flatMap((at) => three[at] ?? []));
    await rig.drain({ batch });
    expect(await eventOf(name)).toMatchObject({ version: 3, ended_at: new Date(NOW_MS + 3_000), frame_seq: 3 });
  }
});

test('an event keeps its number and its time of arrival when a newer version comes', async () => {
  const [first, , third] = versions('number');
  if (!first || !third) throw new Error('no versions');
  await rig.append('events', 'event', first);
  await rig.drain();
  const before = await eventOf('number');
  await rig.append('events', 'event', third);
  await rig.drain();
  expect(await eventOf('number')).toMatchObject({ number: before?.number, created_at: before?.created_at, version: 3 });
});

test('the dead letter of a frame marks it dead, whichever comes first', async () => {
  await rig.append('frames', 'frame', frame(20));
  await rig.drain();
  await rig.append('dead-letters', 'dead-letter', letter(20), letter(21));
  await rig.drain();
  await rig.append('frames', 'frame', frame(21));
  await rig.drain();
  const dead = { state: 'dead', attempts: 3, error: 'bad-picture: no JPEG', width: null };
  expect(await captureOf(20)).toMatchObject({ ...dead, blob_key: 'images/camera/20.jpg' });
  expect(await captureOf(21)).toMatchObject({ ...dead, blob_key: 'images/camera/21.jpg' });
});

test('every one of several letters marks its frame, also where it does not say which that was', async () => {
  await rig.append(
    'dead-letters',
    'dead-letter',
    letter(30, { frame_id: null }),
    letter(31, { frame_id: null }),
    letter(32, { original_value: null, frame_id: null, captured_at: null }),
    letter(33, { original_value: Buffer.from('no record'), frame_id: null }),
  );
  await rig.drain();
  expect(await captureOf(30)).toMatchObject({ state: 'dead' });
  expect(await captureOf(31)).toMatchObject({ state: 'dead' });
  const letters = await rig.services.rows<Row>('dead_letters');
  expect(letters.filter(({ offset }) => Number(offset) >= 30 && Number(offset) <= 33)).toHaveLength(4);
});

test('what the first look came to outlives a second one that shows less', async () => {
  await rig.append('frames', 'frame', frame(60), frame(61));
  await rig.append('observations', 'observation', observation(60), observation(61));
  await rig.drain();
  const before = [await captureOf(60), await captureOf(61)];
  const outOfOrder = { outcome: 'skipped', reason: 'out-of-order', motion: null } as const;
  await rig.append('observations', 'observation', { ...observation(60), ...outOfOrder });
  await rig.append('dead-letters', 'dead-letter', letter(61));
  await rig.drain();
  expect([await captureOf(60), await captureOf(61)]).toEqual(before);
});

const error = 'picture-unavailable: away';
let nextSeq = 10_000;
const toldOfAttempts = {
  frame: (seq: number) => rig.append('frames', 'frame', frame(seq)),
  'failed 1': (seq: number) => rig.append('observations', 'attempt', attempt(seq)),
  'running 2': (seq: number) => rig.append('observations', 'attempt', attempt(seq, { state: 'running', attempts: 2 })),
  'failed 3': (seq: number) => rig.append('observations', 'attempt', attempt(seq, { attempts: 3 })),
  done: (seq: number) => rig.append('observations', 'observation', observation(seq)),
  dead: (seq: number) => rig.append('dead-letters', 'dead-letter', letter(seq, { attempts: 2 })),
};

test.each([
  ['frame, failed 1', { state: 'failed', attempts: 1, error }],
  ['failed 1, frame', { state: 'failed', attempts: 1, error }],
  ['frame, failed 1, running 2', { state: 'running', attempts: 2, error }],
  ['frame, failed 1, running 2, failed 3', { state: 'failed', attempts: 3, error }],
  ['frame, failed 1, running 2, done', { state: 'done', attempts: 2, error: null }],
  ['done, failed 1, running 2, frame', { state: 'done', attempts: 2, error: null }],
  ['frame, done', { state: 'done', attempts: 1, error: null }],
  ['frame, failed 1, dead', { state: 'dead', attempts: 2, error: 'bad-picture: no JPEG' }],
  ['dead, running 2, frame', { state: 'dead', attempts: 2, error: 'bad-picture: no JPEG' }],
  ['frame, failed 1, failed 1', { state: 'failed', attempts: 1, error }],
] as const)('attempts are seen while they last, and nothing else after that: %s', async (story, row) => {
  const steps = story.split(', ') as (keyof typeof toldOfAttempts)[];
  const [oneByOne, together] = [nextSeq, nextSeq + 1];
  nextSeq += 2;
  for (const step of steps) {
    await toldOfAttempts[step](oneByOne);
    await rig.drain();
    await toldOfAttempts[step](together);
  }
  await rig.drain();
  expect(await captureOf(oneByOne)).toMatchObject(row);
  expect(await captureOf(together)).toMatchObject(row);
});

test('a batch is one span, of the trace of its first record and with links to the others; one that fails says so', async () => {
  const tracing = createRecordedTracing();
  const traceOf = (digit: string) => ({ traceparent: `00-${digit.repeat(32)}-${digit.repeat(16)}-01` });
  await rig.log.append(
    'frames',
    ['a', 'b'].map((digit, at) => ({
      key: 'camera',
      value: fixedCodec.encode('frame', frame(7_000 + at)),
      headers: traceOf(digit),
    })),
  );
  const store = rig.services.openStore('a database that is away');
  const outage = new Outage('the database', 'is away');
  let times = 1;
  const transaction: typeof store.transaction = (work) =>
    times-- > 0 ? Promise.reject(outage) : store.transaction(work);
  await rig.drain({ tracing, store: { ...store, transaction } });
  const span = {
    name: 'write frames',
    kind: 'consumer',
    parentSpanId: 'a'.repeat(16),
    links: [traceOf('b')],
    attributes: { 'messaging.batch.message_count': 2 },
    ends: 1,
  };
  expect(tracing.spans).toMatchObject([
    { ...span, error: outage },
    { ...span, error: undefined },
  ]);
});
