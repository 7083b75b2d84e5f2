import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Outage } from '../../ports/errors.ts';
import { fixedCodec } from '../../schemas/codec.ts';
import type { Heartbeat } from '../../schemas/types.ts';
import { NUMBER_MAX } from '../frame-meta.ts';
import { startIngestRig } from '../rig-under-test.ts';
import { type ListeningIngest, listen, post } from './server-under-test.ts';

type Row = Readonly<Record<string, unknown>>;

let ingest: ListeningIngest;

beforeAll(async () => {
  ingest = await listen(await startIngestRig());
});
afterAll(async () => {
  await ingest.close();
  await ingest.rig.services.stop();
});

async function beat(device: string, body: unknown, to = ingest, headers: Readonly<Record<string, string>> = {}) {
  const token = await ingest.rig.devices.enrol(device);
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  const all = { 'content-type': 'application/json', 'x-device-token': token, ...headers };
  return post(`${to.url}/api/v1/ingest/heartbeat`, sent, all);
}

async function rowsOf(table: string, device: string): Promise<readonly Row[]> {
  const rows = await ingest.rig.services.rows<Row>(table);
  return rows.filter(({ device_id, id }) => device_id === device || (table === 'devices' && id === device));
}

async function toldOf(device: string): Promise<readonly Heartbeat[]> {
  const records = await ingest.rig.services.rows<{ topic: string; key: string; value: Buffer }>('log.records');
  return records.flatMap(({ topic, key, value }) => {
    const record = key === device && topic === 'device-status' ? fixedCodec.decode(value) : null;
    return record?.name === 'heartbeat' ? [record.value] : [];
  });
}

async function droppedOf(device: string): Promise<readonly (readonly unknown[])[]> {
  const rows = await rowsOf('dropped_ranges', device);
  const ranges = rows.map(({ epoch, from_seq, to_seq }) => [epoch, from_seq, to_seq] as const);
  return ranges.sort((a, b) => Number(a[1]) - Number(b[1]));
}

const WHOLE = {
  device_id: 'whole',
  boot_id: 'b-1',
  uptime_s: 3_600,
  ntp_synced: true,
  rssi: -67,
  free_heap: 120_000,
  sd_free_bytes: 31_000_000_000,
  queue_depth: 12,
  dropped_ranges: [{ from_seq: 5, to_seq: 9 }],
  battery_mv: 3_700,
  temperature_c: 41.5,
  fw_version: '1.4.2',
  last_error: 'wifi: AUTH_EXPIRE',
};

test('all that is said is in the record and in the tables, with what is not known here', async () => {
  const now = ingest.rig.clock.nowMs();
  const answer = await beat('whole', { ...WHOLE, solar: { volts: 5.1 }, toString: 'kept' });
  expect([answer.status, answer.body]).toEqual([
    202,
    { status: 'accepted', server_time: new Date(now).toISOString(), heartbeat_interval_s: 60 },
  ]);
  const extra_json = '{"solar":{"volts":5.1},"toString":"kept"}';
  expect(await toldOf('whole')).toEqual([{ ...WHOLE, received_at: now, extra_json }]);

  const { dropped_ranges: _ranges, ...kept } = WHOLE;
  expect(await rowsOf('device_heartbeats', 'whole')).toEqual([
    { ...kept, received_at: new Date(now), extra_json, queue_depth_at: new Date(now), queue_epoch: 1 },
  ]);
  expect(await rowsOf('devices', 'whole')).toMatchObject([{ last_seen_at: new Date(now), firmware_version: '1.4.2' }]);
  expect(await rowsOf('device_boots', 'whole')).toMatchObject([
    { boot_id: 'b-1', booted_at: new Date(now - 3_600_000), synchronised: false },
  ]);
  expect(await droppedOf('whole')).toEqual([[1, 5, 9]]);
});

test('nothing need be said, and null says as much', async () => {
  await beat('terse', { queue_depth: 7, fw_version: '2.0' });
  const saidAt = new Date(ingest.rig.clock.nowMs());
  ingest.rig.clock.advance(60_000);
  const nulls = Object.fromEntries(Object.keys(WHOLE).map((name) => [name, null]));
  for (const body of [{}, nulls]) expect((await beat('terse', body)).status).toBe(202);
  // What the device waited with, and what it runs, is still the newest that is known of it.
  expect(await rowsOf('device_heartbeats', 'terse')).toMatchObject([
    { received_at: new Date(ingest.rig.clock.nowMs()), fw_version: null, queue_depth: 7, queue_depth_at: saidAt },
  ]);
  expect(await rowsOf('devices', 'terse')).toMatchObject([{ firmware_version: '2.0' }]);
  expect(await toldOf('terse')).toHaveLength(3);
});

test('a heartbeat that is older than the newest is no news', async () => {
  const { clock } = ingest.rig;
  await beat('late', { rssi: -50 });
  clock.advance(-1_000);
  await beat('late', { rssi: -99 });
  clock.advance(1_000);
  expect(await rowsOf('device_heartbeats', 'late')).toMatchObject([{ rssi: -50 }]);
  expect(await rowsOf('devices', 'late')).toMatchObject([{ last_seen_at: new Date(clock.nowMs()) }]);
});

test('a device is told its own interval, where it has one', async () => {
  await beat('own-interval', {});
  const update = `update devices set heartbeat_interval_s = 15 where id = 'own-interval'`;
  await ingest.rig.services.store.run({ name: 'own-interval', text: update });
  expect((await beat('own-interval', {})).body).toMatchObject({ heartbeat_interval_s: 15 });
});

describe('what is wrong', () => {
  test('half a character is, and nothing is kept of it', async () => {
    const { status, body } = await beat('half', { last_error: 'half \ud83d', queue_depth: 7 });
    expect([status, body.code]).toEqual([422, 'invalid-heartbeat']);
    expect(await rowsOf('device_heartbeats', 'half')).toEqual([]);
  });

  test('is told all at once, and nothing is kept', async () => {
    const { status, body } = await beat('wrong', {
      boot_id: 'no blanks',
      uptime_s: -1,
      ntp_synced: 'yes',
      rssi: -67.5,
      queue_depth: 2 ** 52,
      dropped_ranges: [{ from_seq: 1 }, { from_seq: 9, to_seq: 3 }],
      temperature_c: 'hot',
      last_error: 'nul \0',
      extra: 'x'.repeat(5_000),
    });
    expect([status, body.code]).toEqual([422, 'invalid-heartbeat']);
    const { errors } = body as { errors: readonly { pointer: string; detail: string }[] };
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      '#',
      '#/boot_id',
      '#/dropped_ranges/0/to_seq',
      '#/dropped_ranges/1/to_seq',
      '#/last_error',
      '#/ntp_synced',
      '#/queue_depth',
      '#/rssi',
      '#/temperature_c',
      '#/uptime_s',
    ]);
    expect([await rowsOf('device_heartbeats', 'wrong'), await toldOf('wrong')]).toEqual([[], []]);
  });

  const bodies: readonly (readonly [what: string, status: number, code: string, body: unknown])[] = [
    ['no JSON', 400, 'malformed-json', '{'],
    ['nothing', 400, 'malformed-json', ''],
    ['a list', 422, 'invalid-heartbeat', []],
    ['nothing but null', 422, 'invalid-heartbeat', 'null'],
    ['a prototype', 400, 'malformed-json', '{"__proto__": 1}'],
    ['too many ranges', 422, 'invalid-heartbeat', { dropped_ranges: Array(1_001).fill({ from_seq: 1, to_seq: 1 }) }],
    ['ranges that are none', 422, 'invalid-heartbeat', { dropped_ranges: [null, 7, 'x'] }],
    ['nested for ever', 422, 'invalid-heartbeat', `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
    ['a body that is too large', 413, 'too-large', { a: 'x'.repeat(70_000) }],
    ['another device', 403, 'wrong-device', { device_id: 'whole' }],
  ];
  test.each(bodies)('%s is %i %s', async (_what, status, code, body) => {
    const answer = await beat('wrong', body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  test('a heartbeat of nobody is 401, one of a device that has just been deleted 403', async () => {
    const nobody = await beat('wrong', {}, ingest, { 'x-device-token': 'devtok_no' });
    expect([nobody.status, nobody.body.code]).toEqual([401, 'unknown-device-token']);
    expect((await beat('deleted', {})).status).toBe(202);
    const text = `update devices set deleted_at = now() where id = 'deleted'`;
    await ingest.rig.services.store.run({ name: 'delete', text });
    // Its token is remembered for a moment.
    const gone = await beat('deleted', {});
    expect([gone.status, gone.body.code]).toEqual([403, 'device-gone']);
    expect(await toldOf('deleted')).toHaveLength(1);
  });
});

describe('a log that fails', () => {
  const append = { before: false, after: false };
  let failing: ListeningIngest;
  beforeAll(async () => {
    failing = await listen(ingest.rig, {}, ({ log }) => ({
      log: {
        ...log,
        append: async (...sent) => {
          if (append.before) throw new Outage('the log', 'is away');
          await log.append(...sent);
          if (append.after) throw new Outage('the log', 'its answer was lost');
        },
      },
    }));
  });
  afterAll(() => failing.close());

  test('the device was heard all the same, and its retry completes it', async () => {
    const body = { boot_id: 'b', uptime_s: 10, dropped_ranges: [{ from_seq: 1, to_seq: 4 }], queue_depth: 1 };
    append.before = true;
    expect(await beat('unlucky', body, failing)).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    append.before = false;
    expect(await toldOf('unlucky')).toEqual([]);
    expect(await rowsOf('devices', 'unlucky')).toMatchObject([{ last_seen_at: new Date(ingest.rig.clock.nowMs()) }]);

    append.after = true;
    expect((await beat('unlucky', body, failing)).status).toBe(503);
    append.after = false;
    expect((await beat('unlucky', body, failing)).status).toBe(202);
    // Twice in the topic, which says how a device was and counts nothing; once in the tables.
    expect(await toldOf('unlucky')).toHaveLength(2);
    expect(await droppedOf('unlucky')).toEqual([[1, 1, 4]]);
    expect(await rowsOf('device_boots', 'unlucky')).toHaveLength(1);
  });
});

describe('ranges that were dropped', () => {
  const declare = async (device: string, ...ranges: readonly (readonly [number, number])[]) => {
    const dropped_ranges = ranges.map(([from_seq, to_seq]) => ({ from_seq, to_seq }));
    expect(await beat(device, { dropped_ranges })).toMatchObject({ status: 202 });
  };

  test('may be as large as seqs go, and as many as there may be', async () => {
    await declare('large', [0, NUMBER_MAX]);
    await declare('large', [17, 17], [4_096, NUMBER_MAX]);
    expect(await droppedOf('large')).toEqual([[1, 0, NUMBER_MAX]]);
    const many = Array.from({ length: 1_000 }, (_, at) => {
      const seq = NUMBER_MAX - 3 * at;
      return [seq - 1, seq] as const;
    });
    await declare('many', ...many);
    await declare('many', ...many);
    expect(await droppedOf('many')).toHaveLength(1_000);
    const told = await toldOf('large');
    expect(told[0]?.dropped_ranges).toEqual([{ from_seq: 0, to_seq: NUMBER_MAX }]);
  });

  test('are kept once, whatever is told how often and in which order', async () => {
    let devices = 0;
    const range = fc.tuple(fc.nat(40), fc.nat(12)).map(([from, more]) => [from, from + more] as const);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(range, { minLength: 1, maxLength: 5 }), { maxLength: 5 }), async (told) => {
        const device = `dropped-${devices++}`;
        const dropped = new Set<number>();
        for (const ranges of told) {
          await declare(device, ...ranges);
          for (const [from, to] of ranges) for (let seq = from; seq <= to; seq++) dropped.add(seq);
        }
        const starts = [...dropped].filter((seq) => !dropped.has(seq - 1)).sort((a, b) => a - b);
        const ends = [...dropped].filter((seq) => !dropped.has(seq + 1)).sort((a, b) => a - b);
        expect(await droppedOf(device)).toEqual(starts.map((start, at) => [1, start, ends[at]]));
      }),
      { numRuns: 40 },
    );
  });

  test('told by many heartbeats at once are kept once', async () => {
    await beat('busy', {});
    await Promise.all(Array.from({ length: 20 }, (_, at) => declare('busy', [at * 3, at * 3 + 4])));
    expect(await droppedOf('busy')).toEqual([[1, 0, 61]]);
  });
});
