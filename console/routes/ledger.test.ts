import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDevices } from '../../http/access/devices/devices-under-test.ts';
import { createAcceptHeartbeat } from '../../ingest/accept-heartbeat.ts';
import { type Claims, createClaims, UPLOAD_EPOCH } from '../../ingest/claims.ts';
import type { HeartbeatBody } from '../../ingest/heartbeat.ts';
import { createManualClock } from '../../ports/clock/manual.ts';
import type { Log } from '../../ports/log/log.ts';
import { continueTrace } from '../../ports/tracing/trace.ts';
import { fixedCodec } from '../../schemas/codec.ts';
import { type ConsoleUnderTest, idOf, NOW_MS, startConsole } from './server-under-test.ts';

/** Frames and heartbeats come in as ingest takes them; what they add up to is asked for over HTTP. */
const HOUR_MS = 3_600_000;
/** The default span begins with this hour, and ends with the one that begins now. */
const FIRST_MS = NOW_MS - 24 * HOUR_MS;

let console: ConsoleUnderTest;
let claims: Claims;
let enrol: (deviceId: string) => Promise<string>;
let acceptHeartbeat: ReturnType<typeof createAcceptHeartbeat>;
const clock = createManualClock(NOW_MS);

beforeAll(async () => {
  console = await startConsole(() => ({
    // Whoever asks says whose devices they see.
    requireUser: async (request) => {
      const fleetId = request.headers['x-fleet']?.toString() ?? null;
      request.user = { id: idOf(1), username: 'somebody', role: 'viewer', fleetId };
    },
    requireUserNow: async () => undefined,
    register: () => undefined,
  }));
  const store = console.services.openStore('ingest');
  claims = createClaims({ store });
  enrol = (await openDevices({ store, nowMs: clock.nowMs })).enrol;
  const log = { append: async () => undefined } as Partial<Log> as Log;
  const config = { HEARTBEAT_INTERVAL_S: 60 };
  acceptHeartbeat = createAcceptHeartbeat({ store, log, clock, codec: fixedCodec, config });
});
afterAll(() => console.stop());

const query = (text: string) => console.services.store.run({ name: text.slice(0, 20), text });

interface Sent {
  readonly seq: number | null;
  readonly atMs: number;
  readonly epoch?: number;
  readonly confirmed?: boolean;
}

async function send(deviceId: string, { seq, atMs, epoch = 1, confirmed = true }: Sent): Promise<string> {
  const digest = createHash('sha256').update(`${seq} ${atMs}`).digest();
  const name = { deviceId, epoch: seq === null ? UPLOAD_EPOCH : epoch, seq, statedMs: atMs, digest };
  const claim = await claims.claim({ ...name, capturedAtMs: atMs, timeQuality: 'ntp' }, NOW_MS);
  if (confirmed && claim.outcome === 'claimed') await claims.confirm({ ...name, seq: claim.seq });
  return claim.outcome;
}

const beat = (deviceId: string, body: HeartbeatBody, epoch = 1) =>
  acceptHeartbeat({ deviceId, epoch, body, trace: continueTrace(undefined) });

interface Hour {
  readonly hour: string;
  readonly [count: string]: unknown;
}

interface Body {
  readonly code?: string;
  readonly from: string;
  readonly to: string;
  readonly hours: readonly Hour[];
  readonly totals: Readonly<Record<string, number>>;
  readonly queue: unknown;
  readonly explained: string | null;
  readonly errors?: readonly { readonly pointer: string }[];
}

async function ask(deviceId: string, query = '', headers: Readonly<Record<string, string>> = {}) {
  const { status, body } = await console.get(`/devices/${deviceId}/ledger${query}`, headers);
  return { status, body: body as unknown as Body };
}

/** The hours in which there is anything, with what of it is asked for. */
const shown = ({ hours }: Body, ...counts: readonly string[]) =>
  hours
    .map((hour) => [(Date.parse(hour.hour) - FIRST_MS) / HOUR_MS, ...counts.map((count) => hour[count])])
    .filter(([, ...values]) => values.some((value) => value !== 0));

test('of a device that never sent anything is a day of nothing', async () => {
  await enrol('still');
  const { status, body } = await ask('still');
  expect(status).toBe(200);
  expect([body.from, body.to]).toEqual(['2026-04-30T12:00:00.000Z', '2026-05-01T12:00:00.000Z']);
  expect(body.hours).toHaveLength(24);
  expect(body).toMatchObject({ queue: null, explained: 'No seq was given out.' });
});

test('a day of a device with numbers of its own', async () => {
  const device = 'numbered';
  await enrol(device);
  const at = (hour: number, minute = 0) => FIRST_MS + hour * HOUR_MS + minute * 60_000;
  // It goes on with its own count, of which nobody knows where it began.
  for (let seq = 1_000; seq < 1_010; seq++) await send(device, { seq, atMs: at(2, seq % 60) });
  for (const seq of [1_010, 1_014]) await send(device, { seq, atMs: at(3) });
  // Claimed, and never finished; then many hours later, and in another epoch.
  await send(device, { seq: 1_016, atMs: at(3, 30), confirmed: false });
  await send(device, { seq: 5_000, atMs: at(20) });
  for (const seq of [0, 3]) await send(device, { seq, atMs: at(20), epoch: 2 });
  for (let times = 0; times < 3; times++) {
    expect(await send(device, { seq: 1_014, atMs: at(3) })).toBe('duplicate');
  }
  await beat(device, {
    dropped_ranges: [
      { from_seq: 1_012, to_seq: 1_014 },
      { from_seq: 4_000, to_seq: 6_000 },
    ],
  });
  await beat(device, { dropped_ranges: [{ from_seq: 4_100, to_seq: 4_999 }], queue_depth: 4 }, 2);
  await console.addCapture([idOf(1), new Date(at(2)).toISOString(), device, 1_000, 'done', null]);
  await console.addCapture([idOf(2), new Date(at(2)).toISOString(), device, 1_001, 'dead', null]);
  await console.addCapture([idOf(3), new Date(at(2)).toISOString(), device, 1_002, 'queued', null]);

  const { body } = await ask(device);
  const columns = ['issued', 'received', 'duplicates', 'missing', 'declared_drops', 'declared_queue', 'residual'];
  expect(shown(body, ...columns)).toEqual([
    [2, 10, 10, 0, 0, 0, 0, 0],
    [3, 5, 2, 3, 3, 2, 0, 1],
    [20, 3_986 + 4, 1 + 2, 0, 3_985 + 2, 1_000, 2, 2_985],
  ]);
  expect(body.hours[20]?.missing_ranges).toEqual([
    { epoch: 1, from_seq: 1_015, to_seq: 4_999 },
    { epoch: 2, from_seq: 1, to_seq: 2 },
  ]);
  expect(shown(body, 'analysed', 'dead')).toEqual([[2, 1, 1]]);
  expect(body.totals).toMatchObject({ issued: 4_005, received: 15, analysed: 1, dead: 1, residual: 2_986 });
  expect(body).toMatchObject({
    explained: null,
    queue: { depth: 4, elsewhere: 2, at: new Date(NOW_MS).toISOString() },
  });

  // The page says as much, of everything that there ever was.
  const status = await console.get('/api/status');
  expect(status.body.devices.find(({ id }) => id === device)).toMatchObject({ missing: 3 + 3_985 + 2 });

  // From the middle of it: what was issued before does not count again.
  const later = await ask(device, `?from=${new Date(at(3, 59)).toISOString()}`);
  expect([later.body.from, shown(later.body, 'issued')]).toEqual([
    new Date(at(3)).toISOString(),
    [
      [3, 5],
      [20, 3_990],
    ],
  ]);
  // A part that is over: what is newer is taken to be in the queue first.
  const earlier = await ask(device, `?to=${new Date(at(4)).toISOString()}&from=${new Date(at(0)).toISOString()}`);
  expect(shown(earlier.body, 'declared_queue')).toEqual([]);
  expect(earlier.body.queue).toMatchObject({ elsewhere: 4 });
});

test('uploads without numbers count from the first that was given out', async () => {
  await enrol('uploads');
  const uploads = [1, 2, 3, 4, 5].map((minute) => ({ seq: null, atMs: FIRST_MS + minute * 60_000 }));
  for (const [at, upload] of uploads.entries()) await send('uploads', { ...upload, confirmed: at % 2 === 1 });
  const { body } = await ask('uploads');
  expect(shown(body, 'issued', 'received', 'residual')).toEqual([[0, 4, 2, 2]]);
  expect(body.hours[0]?.missing_ranges).toEqual([1, 3].map((seq) => ({ epoch: 0, from_seq: seq, to_seq: seq })));
  const status = await console.get('/api/status');
  expect(status.body.devices.find(({ id }) => id === 'uploads')).toMatchObject({ missing: 3 });
});

test('a queue takes the missing of later hours first, whatever they gave up or received since', async () => {
  const device = 'queue';
  await enrol(device);
  const last = 2 ** 52 - 1;
  for (const [seq, hour] of [
    [1, 0],
    [4, 1],
    [9_000, 5],
    [9_001, 5],
    [9_005, 6],
    [last, 7],
  ] as const) {
    await send(device, { seq, atMs: FIRST_MS + hour * HOUR_MS });
  }
  // Given up are all but 5, 6 and 8,998 to 9,000 (of which one was sent after all), and all that is far away.
  await beat(device, {
    dropped_ranges: [
      { from_seq: 7, to_seq: 8_997 },
      { from_seq: 9_001, to_seq: last - 3 },
    ],
  });
  for (const [depth, elsewhere, allotted] of [
    [3, 3, 0],
    [6, 6, 0],
    [7, 6, 1],
    [20, 18, 2],
  ] as const) {
    await beat(device, { queue_depth: depth });
    const { body } = await ask(device, `?from=2026-04-30T12:00Z&to=2026-04-30T14:00Z`);
    expect([body.totals.declared_queue, body.queue]).toMatchObject([allotted, { depth, elsewhere }]);
  }
});

describe('who asks', () => {
  test('sees their own devices, and no others', async () => {
    await enrol('owned');
    const owner = idOf(7);
    await query(`insert into users (id, username, password_hash, role) values ('${owner}', 'owner', '', 'operator')`);
    await query(`update devices set owner_id = '${owner}' where id = 'owned'`);
    expect((await ask('owned', '', { 'x-fleet': owner })).status).toBe(200);
    for (const [device, fleet] of [
      ['owned', idOf(99)],
      ['nobody', owner],
      ['nobody', ''],
    ] as const) {
      const { status, body } = await ask(device, '', fleet === '' ? {} : { 'x-fleet': fleet });
      expect([status, body.code]).toEqual([404, 'no-such-device']);
    }
    await query(`update devices set deleted_at = now() where id = 'owned'`);
    expect((await ask('owned')).status).toBe(404);
  });

  test.each([
    ['?from=yesterday', '#/from'],
    ['?from=2026-02-31', '#/from'],
    ['?from=2026-05-01T10:00Z&to=2026-05-01T10:00Z', '#/from'],
    ['?to=2026-04-01&from=2026-02-28T23:59:59Z', '#/from'],
  ])('%s is refused', async (query, pointer) => {
    await enrol('asked');
    const { status, body } = await ask('asked', query);
    expect([status, body.errors?.map((fault) => fault.pointer)]).toEqual([422, [pointer]]);
  });

  test.each([
    ['?from=2026-04-01&to=2026-05-02', '2026-04-01T00:00:00.000Z', '2026-05-02T00:00:00.000Z', 744],
    ['?to=2026-05-01T10:30:00.000000001Z', '2026-04-30T10:00:00.000Z', '2026-05-01T11:00:00.000Z', 25],
    ['?from=2026-05-01 01:30-02', '2026-05-01T03:00:00.000Z', '2026-05-01T12:00:00.000Z', 9],
    ['?from=2026-05-01T01:30%2B0530', '2026-04-30T20:00:00.000Z', '2026-05-01T12:00:00.000Z', 16],
  ])('%s is whole hours', async (query, from, to, hours) => {
    const { status, body } = await ask('asked', query.replace(' ', '%20'));
    expect([status, body.from, body.to, body.hours?.length]).toEqual([200, from, to, hours]);
  });
});

test('whatever comes in which order, it is what one finds who counts seq by seq', async () => {
  let devices = 0;
  const frame = fc.record({
    offset: fc.nat(50),
    hour: fc.nat(3),
    fate: fc.constantFrom('confirmed', 'confirmed', 'twice', 'claimed'),
  });
  const range = fc.tuple(fc.nat(50), fc.nat(6));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 4_080, 1e12),
      fc.uniqueArray(frame, { selector: ({ offset }) => offset, minLength: 1, maxLength: 25 }),
      fc.array(fc.array(range, { maxLength: 3 }), { maxLength: 3 }),
      fc.nat(20),
      async (base, frames, told, depth) => {
        const device = `random-${devices++}`;
        await enrol(device);
        for (const { offset, hour, fate } of frames) {
          const sent = { seq: base + offset, atMs: FIRST_MS + hour * HOUR_MS + offset };
          await send(device, { ...sent, confirmed: fate !== 'claimed' });
          if (fate === 'twice') await send(device, sent);
        }
        const dropped = new Set<number>();
        for (const ranges of told) {
          const dropped_ranges = ranges.map(([from, more]) => ({ from_seq: base + from, to_seq: base + from + more }));
          await beat(device, { dropped_ranges });
          for (const { from_seq, to_seq } of dropped_ranges)
            for (let seq = from_seq; seq <= to_seq; seq++) dropped.add(seq);
        }
        await beat(device, { queue_depth: depth });

        const confirmed = frames.filter(({ fate }) => fate !== 'claimed');
        const received = new Set(confirmed.map(({ offset }) => base + offset));
        let greatest = Math.min(...received, ...dropped) - 1;
        const counted = [0, 1, 2, 3].map((hour) => {
          const mine = confirmed.filter((one) => one.hour === hour);
          const issued: number[] = [];
          for (const { offset } of mine) while (greatest < base + offset) issued.push(++greatest);
          const missing = issued.filter((seq) => !received.has(seq));
          return {
            issued: issued.length,
            received: mine.length,
            duplicates: mine.filter(({ fate }) => fate === 'twice').length,
            missing: missing.length,
            declared_drops: missing.filter((seq) => dropped.has(seq)).length,
          };
        });
        let left = depth;
        const queued = counted.toReversed().map(({ missing, declared_drops }) => {
          const taken = Math.min(left, missing - declared_drops);
          left -= taken;
          return taken;
        });
        const expected = counted.map((hour, at) => {
          const declared_queue = queued.toReversed()[at] ?? 0;
          const residual = hour.issued - hour.received - hour.declared_drops - declared_queue;
          return { ...hour, declared_queue, residual };
        });
        const { body } = await ask(device);
        expect(body.hours.slice(0, 4)).toMatchObject(expected);
        expect(body.queue).toMatchObject({ depth, elsewhere: left });
        const known = [...received].sort((a, b) => a - b);
        const status = await console.get('/api/status');
        const span = known.length === 0 ? 0 : (known.at(-1) ?? 0) - (known[0] ?? 0) + 1;
        expect(status.body.devices.find(({ id }) => id === device)).toMatchObject({ missing: span - known.length });
      },
    ),
    { numRuns: 40 },
  );
});
