import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDevices } from '../http/access/devices/devices-under-test.ts';
import { createListening } from '../ingest/listening.ts';
import { createManualClock } from '../ports/clock/manual.ts';
import type { Log } from '../ports/log/log.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import type { Store } from '../ports/store/store.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { NOW_MS } from '../schemas/records-under-test.ts';
import { logTopics } from '../schemas/topics.ts';
import type { Event } from '../schemas/types.ts';
import { migrations, runAggregator } from './aggregator.ts';
import { createDeviceWatch } from './watch-devices.ts';

const INTERVAL_MS = 60_000;
const clock = createManualClock(NOW_MS);
let services: ServicesUnderTest;
let log: Log;
let listening: ReturnType<typeof createListening>;
let hasRoom = true;
let enrol: (deviceId: string) => Promise<string>;

beforeAll(async () => {
  services = await startServices({ migrations, topics: logTopics });
  log = await services.openLog(clock);
  listening = createListening({ store: services.store, clock, diskGuard: { hasRoom: () => hasRoom } });
  const devices = await openDevices({ store: services.store, nowMs: clock.nowMs });
  enrol = devices.enrol;
});
afterAll(() => services.stop());
// Each test has its own devices; those before it are nobody's concern any more.
beforeEach(async () => {
  await query(`update devices set deleted_at = now()`);
  await passMs(0);
});

const query = (text: string, values: readonly unknown[] = []) =>
  services.store.run<Readonly<Record<string, unknown>>>({ name: text.slice(-60), text }, values);
const hear = (deviceId: string) =>
  query('update devices set last_seen_at = $2 where id = $1', [deviceId, new Date(clock.nowMs())]);

/** Time in which ingest listens. */
async function passMs(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 5_000) {
    clock.advance(Math.min(left, 5_000));
    await listening.note();
  }
  await listening.note();
}

interface Faults {
  readonly store?: Partial<Store>;
  readonly log?: Partial<Log>;
  readonly metrics?: Registry;
}

const openWatch = ({ store, log: faulty, metrics = new Registry() }: Faults = {}) =>
  createDeviceWatch({
    log: { ...log, ...faulty },
    store: { ...services.store, ...store },
    clock,
    codec: fixedCodec,
    metrics,
    config: { HEARTBEAT_INTERVAL_S: INTERVAL_MS / 1_000 },
  });
const look = () => openWatch().look();

async function eventsOf(deviceId: string): Promise<readonly Event[]> {
  const records = await services.rows<{ topic: string; key: string; offset: number; value: Buffer }>('log.records');
  return records
    .filter(({ topic, key }) => topic === 'events' && key === deviceId)
    .sort((a, b) => a.offset - b.offset)
    .flatMap(({ value }) => {
      const record = fixedCodec.decode(value);
      return record.name === 'event' ? [record.value] : [];
    });
}

const toldOf = async (deviceId: string) =>
  (await eventsOf(deviceId)).map(({ type, version, occurred_at, ended_at }) => [
    type,
    version,
    occurred_at - NOW_MS,
    ended_at === null ? null : ended_at - NOW_MS,
  ]);

describe('a device that goes silent', () => {
  test('is told offline after three intervals, once, and online when it is heard again', async () => {
    await enrol('camera');
    await hear('camera');
    const heardMs = clock.nowMs() - NOW_MS;
    await passMs(3 * INTERVAL_MS - 1_000);
    await look();
    expect(await toldOf('camera')).toEqual([]);
    await passMs(1_000);
    await look();
    await look();
    expect(await toldOf('camera')).toEqual([['device_offline', 1, heardMs, null]]);

    await passMs(7 * INTERVAL_MS);
    await hear('camera');
    const backMs = clock.nowMs() - NOW_MS;
    // It goes on sending before anybody looks: what counts is the first that was heard.
    await passMs(10_000);
    await hear('camera');
    await look();
    await look();
    expect(await toldOf('camera')).toEqual([
      ['device_offline', 1, heardMs, null],
      ['device_offline', 2, heardMs, backMs],
      ['device_online', 1, backMs, null],
    ]);
    const [offline, ended, online] = await eventsOf('camera');
    expect(offline?.event_id).toBe(ended?.event_id);
    expect(offline?.event_id).not.toBe(online?.event_id);
    expect(offline?.payload).toEqual({ kind: 'DeviceStatus', last_seen_at: NOW_MS + heardMs, reason: 'silent' });
    expect(online?.payload).toEqual({ kind: 'DeviceStatus', last_seen_at: NOW_MS + heardMs, reason: null });
  });

  test('is told anew each time, if it comes and goes', async () => {
    await enrol('flaps');
    for (let times = 0; times < 3; times++) {
      await hear('flaps');
      await look();
      await passMs(3 * INTERVAL_MS);
      await look();
    }
    const told = await eventsOf('flaps');
    expect(told.map(({ type, version }) => `${type} ${version}`)).toEqual([
      'device_offline 1',
      ...Array(2).fill(['device_offline 2', 'device_online 1', 'device_offline 1']).flat(),
    ]);
    expect(new Set(told.map(({ event_id }) => event_id)).size).toBe(5);
  });

  test('has its own interval, if it is given one', async () => {
    for (const device of ['slow', 'usual']) await enrol(device);
    await query(`update devices set heartbeat_interval_s = 3600 where id = 'slow'`);
    await passMs(3 * 3_600_000 - 1_000);
    await look();
    expect([(await toldOf('slow')).length, (await toldOf('usual')).length]).toEqual([0, 1]);
    await passMs(1_000);
    await look();
    expect(await toldOf('slow')).toHaveLength(1);
  });

  test('counts from its activation, if it is not heard after that', async () => {
    await enrol('never-heard');
    const sinceMs = clock.nowMs() - NOW_MS;
    await passMs(3 * INTERVAL_MS);
    await look();
    expect(await toldOf('never-heard')).toEqual([['device_offline', 1, sinceMs, null]]);
    expect((await eventsOf('never-heard'))[0]?.payload).toMatchObject({ last_seen_at: null });
  });

  test('is nobody of whom nothing is expected', async () => {
    for (const device of ['revoked', 'deleted', 'not-activated']) {
      await enrol(device);
      await hear(device);
    }
    await query(`update devices set revoked_at = now() where id = 'revoked'`);
    await query(`update devices set deleted_at = now() where id = 'deleted'`);
    await query(`update devices set activated_at = null where id = 'not-activated'`);
    await passMs(5 * INTERVAL_MS);
    await look();
    for (const device of ['revoked', 'deleted', 'not-activated']) expect(await toldOf(device)).toEqual([]);

    // Set up anew, its silence of before does not count.
    await query(`update devices set revoked_at = null, activated_at = $1 where id = 'revoked'`, [
      new Date(clock.nowMs()),
    ]);
    await passMs(INTERVAL_MS);
    await look();
    expect(await toldOf('revoked')).toEqual([]);
  });
});

describe('while nobody listens', () => {
  test('nobody is silent, and afterwards each has three intervals to be heard', async () => {
    for (const device of ['alive', 'dead']) {
      await enrol(device);
      await hear(device);
    }
    const heardMs = clock.nowMs();
    clock.advance(3_600_000);
    await look();
    await passMs(0);
    const backMs = clock.nowMs() - NOW_MS;
    await look();
    await passMs(2 * INTERVAL_MS);
    await hear('alive');
    await passMs(INTERVAL_MS);
    await look();
    expect(await toldOf('alive')).toEqual([]);
    // When it died nobody knows: what is told is from when it could have been heard.
    expect(await toldOf('dead')).toEqual([['device_offline', 1, backMs, null]]);
    expect((await eventsOf('dead'))[0]?.payload).toMatchObject({ last_seen_at: heardMs });
  });

  test('nor while frames are turned away for want of room', async () => {
    await enrol('turned-away');
    await hear('turned-away');
    hasRoom = false;
    await passMs(10 * INTERVAL_MS);
    await look();
    hasRoom = true;
    await passMs(3 * INTERVAL_MS - 1_000);
    await look();
    expect(await toldOf('turned-away')).toEqual([]);
    await passMs(6_000);
    await look();
    expect((await toldOf('turned-away')).map(([type]) => type)).toEqual(['device_offline']);
  });

  test('for no longer than a restart takes, silence goes on', async () => {
    await enrol('restart');
    await hear('restart');
    const heardMs = clock.nowMs() - NOW_MS;
    await passMs(2 * INTERVAL_MS);
    clock.advance(9_000);
    await listening.note();
    await passMs(INTERVAL_MS - 9_000);
    await look();
    expect(await toldOf('restart')).toEqual([['device_offline', 1, heardMs, null]]);
  });

  test('whoever was silent before stays so', async () => {
    await enrol('long-gone');
    await passMs(3 * INTERVAL_MS);
    await look();
    clock.advance(3_600_000);
    await passMs(3 * INTERVAL_MS);
    await look();
    expect(await toldOf('long-gone')).toHaveLength(1);
  });
});

describe('whatever is killed when', () => {
  /** Lets one statement, or one append, be the last that a process does. */
  const dies = (after: string): Faults => ({
    store: {
      run: async (statement, values) => {
        const rows = await services.store.run(statement, values);
        if (statement.name.includes(after)) throw new Error('killed');
        return rows as never;
      },
    },
    log: {
      append: async (...sent) => {
        await log.append(...sent);
        if (after === 'append') throw new Error('killed');
      },
    },
  });

  test.each(['mark-silent', 'untold', 'append', 'mark-told'])('after %s, each telling is the same', async (after) => {
    const device = `killed-after-${after}`;
    await enrol(device);
    await hear(device);
    const heardMs = clock.nowMs() - NOW_MS;
    await passMs(3 * INTERVAL_MS);
    await expect(openWatch(dies(after)).look()).rejects.toThrow('killed');
    // Before anybody looks again it is heard, twice.
    await passMs(5_000);
    await hear(device);
    const backMs = clock.nowMs() - NOW_MS;
    await passMs(5_000);
    await hear(device);
    await expect(openWatch(dies(after)).look()).rejects.toThrow('killed');
    await passMs(5_000);
    await hear(device);
    await look();
    await look();
    const told = new Map((await eventsOf(device)).map((one) => [`${one.type} ${one.version}`, one]));
    // What is told twice is told in the same words, and in order.
    for (const one of await eventsOf(device)) expect(one).toEqual(told.get(`${one.type} ${one.version}`));
    expect(
      [...told.values()].map(({ type, version, occurred_at, ended_at }) => [type, version, occurred_at, ended_at]),
    ).toEqual([
      ['device_offline', 1, NOW_MS + heardMs, null],
      ['device_offline', 2, NOW_MS + heardMs, NOW_MS + backMs],
      ['device_online', 1, NOW_MS + backMs, null],
    ]);
    // Only what was appended and not yet marked comes again: one, then three, then all of it.
    expect(await eventsOf(device)).toHaveLength(after === 'append' ? 7 : 3);
  });

  test('many processes tell it once', async () => {
    const devices = Array.from({ length: 30 }, (_, at) => `crowd-${at}`);
    for (const device of devices) await enrol(device);
    await passMs(3 * INTERVAL_MS);
    const watches = Array.from({ length: 4 }, () => openWatch({ store: services.openStore('watch') }));
    for (let times = 0; times < 3; times++) await Promise.all(watches.map((watch) => watch.look()));
    for (const device of devices) expect(await toldOf(device)).toHaveLength(1);
    for (const device of devices) await hear(device);
    await passMs(5_000);
    for (let times = 0; times < 3; times++) await Promise.all(watches.map((watch) => watch.look()));
    for (const device of devices) expect(await toldOf(device)).toHaveLength(3);
  });

  test('the rows are those of one silence and its end', async () => {
    await enrol('rows');
    await hear('rows');
    const heard = new Date(clock.nowMs());
    await passMs(3 * INTERVAL_MS);
    await expect(openWatch(dies('append')).look()).rejects.toThrow('killed');
    await hear('rows');
    const back = new Date(clock.nowMs());
    await look();
    const stop = new AbortController();
    const shared = { log, store: services.openStore('aggregator'), clock, codec: fixedCodec, metrics: new Registry() };
    const config = { AGGREGATOR_BATCH: 2 };
    const running = runAggregator({ ...shared, logger: pino({ level: 'silent' }), config }, stop.signal);
    const rows = () => query(`select * from events where device_id = 'rows' order by type`);
    await expect.poll(rows, { timeout: 20_000 }).toMatchObject([
      { type: 'device_offline', version: 2, occurred_at: heard, ended_at: back },
      { type: 'device_online', version: 1, occurred_at: back, ended_at: null },
    ]);
    stop.abort();
    await running;
  });
});

test('metrics tell of those that are watched, for as long as they are', async () => {
  const metrics = new Registry();
  const watch = openWatch({ metrics });
  for (const device of ['seen', 'unseen']) await enrol(device);
  await passMs(4 * INTERVAL_MS);
  await hear('seen');
  clock.advance(2_500);
  await watch.look();
  const shown = async () => (await metrics.metrics()).split('\n').filter((line) => /^passerby_device/.test(line));
  expect(await shown()).toEqual([
    'passerby_device_last_seen_seconds{device="seen"} 2.5',
    'passerby_device_last_seen_seconds{device="unseen"} 242.5',
    'passerby_devices_offline 1',
    'passerby_device_offline{device="seen"} 0',
    'passerby_device_offline{device="unseen"} 1',
    'passerby_devices_capturing 2',
  ]);
  await query(`update devices set revoked_at = now() where id = 'unseen'`);
  await query(`update devices set capture_mode = 'paused' where id = 'seen'`);
  await watch.look();
  expect(await shown()).toEqual([
    'passerby_device_last_seen_seconds{device="seen"} 2.5',
    'passerby_devices_offline 0',
    'passerby_device_offline{device="seen"} 0',
    'passerby_devices_capturing 0',
  ]);
});

test('metrics tell of clocks what devices say of them', async () => {
  const metrics = new Registry();
  const watch = openWatch({ metrics });
  for (const device of ['set', 'unset', 'says-nothing', 'never-beat']) await enrol(device);
  const beat = (device: string, synced: boolean | null) =>
    query(
      `insert into device_heartbeats (device_id, received_at, ntp_synced, extra_json) values ($1, now(), $2, '{}')
      on conflict (device_id) do update set ntp_synced = excluded.ntp_synced`,
      [device, synced],
    );
  await beat('set', true);
  await beat('unset', false);
  await beat('says-nothing', null);
  await watch.look();
  const shown = async () => (await metrics.metrics()).match(/^passerby_device_clock_synced.*$/gm);
  expect(await shown()).toEqual([
    'passerby_device_clock_synced{device="set"} 1',
    'passerby_device_clock_synced{device="unset"} 0',
  ]);
  await beat('unset', true);
  await watch.look();
  expect(await shown()).toContain('passerby_device_clock_synced{device="unset"} 1');
});
