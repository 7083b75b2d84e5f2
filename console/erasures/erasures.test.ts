import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wrongSumsOfDays } from '../../aggregator/sums-of-days-under-test.ts';
import { describeWith } from '../../ports/servers-under-test.ts';
import { startDatabase } from '../../ports/store/database-under-test.ts';
import { storeWith } from '../../ports/store/store-under-test.ts';
import { createTimescaleDatabase } from '../../ports/store/timescale-under-test.ts';
import { erasureNoteKey } from '../../schemas/erasure-note.ts';
import { frameId } from '../../schemas/identity.ts';
import { event, NOW_MS, observation } from '../../schemas/records-under-test.ts';
import { snapshotKey } from '../../schemas/snapshot-key.ts';
import { DEVICE_TABLES } from './device-tables.ts';
import { minutes, visitOf } from './erased-under-test.ts';
import { but, clock, type ErasingRig, of, type Row, SEEN, startErasingRig } from './erasing-rig-under-test.ts';
import { createErasures } from './erasures.ts';

let rig: ErasingRig;

/** Those of which rows say nothing of what was seen, and no row is a device's. */
const OTHERS = [
  'users',
  'sessions',
  'sites',
  'listening',
  'outcome_writers',
  'event_numbers',
  'consumer_offsets',
  'log_migrations',
  'migrations',
  'dead_letter_actions',
  'dead_letter_action_letters',
  'retention_runs',
  'checks',
];
/** Where a device, or a person, is named for good. */
const NAMING = ['audit_log', 'devices', 'erasure_list', 'erasures'];
/** What is still to be erased; empty in the end. */
const UNDER_WAY = ['erasure_leftovers', 'expired_blobs'];

async function recordsOf(device: string): Promise<readonly string[]> {
  const text = 'select topic from log.records where key = $1 order by topic';
  return (await rig.services.store.run<{ topic: string }>({ name: 'records', text }, [device])).map(
    ({ topic }) => topic,
  );
}

async function besides(device: string) {
  const tables = await Promise.all(
    [...SEEN, ...DEVICE_TABLES].map(async (table) =>
      (await rig.rowsOf(table, device)).map((row) => JSON.stringify(row)).sort(),
    ),
  );
  const keys: string[] = [];
  for (const folder of ['images', 'snapshots'])
    for await (const key of rig.blobs.list(`${folder}/${device}/`)) keys.push(key);
  return { tables, keys };
}

/** Counters say what rows say. */
async function expectExact(device: string): Promise<void> {
  const counts = (await rig.rowsOf('event_counts', device)) as readonly { type: string; count: number; hour: Date }[];
  const counted = counts.filter(({ hour }) => hour.getTime() >= NOW_MS);
  const events = (await rig.rowsOf('events', device)) as readonly { type: string }[];
  const sums = (items: readonly (readonly [string, number])[]) => {
    const sum = new Map<string, number>();
    for (const [name, count] of items) sum.set(name, (sum.get(name) ?? 0) + count);
    return Object.fromEntries([...sum].sort());
  };
  expect(sums(counted.map(({ type, count }) => [type, count]))).toEqual(sums(events.map(({ type }) => [type, 1])));
  expect(await wrongSumsOfDays(rig.services.store)).toEqual([]);
  const frames = (await rig.rowsOf('observations', device)).map(({ frame_id }) => frame_id);
  for (const { frame_id } of await rig.rowsOf('last_observations', device)) expect(frames).toContain(frame_id);
}

/** What is erased must be the same, whichever server it is. */
function erasing(database: typeof startDatabase): void {
  beforeAll(async () => {
    rig = await startErasingRig(database);
  });
  afterAll(() => rig.services.stop());

  test('erasing knows every table', async () => {
    const text =
      "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'";
    const tables = await rig.services.store.run<{ table_name: string }>({ name: 'tables', text });
    const known = [...SEEN, ...DEVICE_TABLES, ...OTHERS, ...NAMING, ...UNDER_WAY];
    expect(tables.map(({ table_name }) => table_name).sort()).toEqual(known.sort());
  });

  describe('a device', () => {
    test('is gone from every table and from among the blobs, and others stay as they were', async () => {
      const [camera, other] = [await rig.written.fill('cam-device'), await rig.written.fill('cam-beside')];
      // Orphans: what nobody has ever said to have put there.
      await rig.blobs.put('devices/cam-device/2026/05/01/7-x.jpg', Buffer.from('x'));
      for (const table of [...SEEN, ...DEVICE_TABLES]) {
        expect((await rig.rowsOf(table, camera.device)).length, table).toBeGreaterThan(0);
      }
      const before = await besides(other.device);
      const wanted = { kind: 'device', deviceId: camera.device } as const;
      const { counts } = await rig.erasures.count(wanted, of);
      expect(counts).toMatchObject({
        events: 7,
        visits: 2,
        observations: 30,
        captures: 30,
        pictures: 30,
        dead_letters: 3,
      });
      expect(await rig.erasures.list(null, { limit: 1, offset: 0 })).toMatchObject({ total: 0 });
      expect((await rig.rowsOf('events', camera.device)).length).toBe(7);

      const { id, gone } = await rig.erase(wanted);
      expect(gone).toMatchObject({ events: 7, visits: 2, observations: 30, captures: 30, dead_letters: 3 });
      const note = erasureNoteKey({ device_id: camera.device, id, from: null, to: null });
      expect(await rig.written.search(camera.device)).toEqual(
        [
          note,
          ...['audit_log', 'devices', 'erasure_list', 'erasures'].map((table) => `public.${table}`),
          ...['log.records'],
        ].sort(),
      );
      // The controls by which the processor forgets it.
      expect(await recordsOf(camera.device)).toEqual(['backlog', 'backlog', 'frames', 'frames']);
      expect(await rig.written.search(camera.person)).toEqual([]);
      const [device] = (await rig.services.rows<Row>('devices')).filter(({ id }) => id === camera.device);
      expect(device).toMatchObject({ name: null, deleted_at: expect.any(Date), erased_at: expect.any(Date) });
      expect(await besides(other.device)).toEqual(before);
    });
  });

  describe('a person', () => {
    test('is gone with their pictures, and somebody else before the same camera stays', async () => {
      const { device, person, other, motion } = await rig.written.fill('cam-person');
      const { counts } = await rig.erasures.count({ kind: 'person', personId: person, deviceId: null }, of);
      expect(counts).toMatchObject({ events: 3, visits: 1, captures: 3, pictures: 3 });
      await rig.erase({ kind: 'person', personId: person, deviceId: null });
      const naming = ['public.audit_log', 'public.erasure_list', 'public.erasures'];
      const found = await rig.written.search(person);
      expect(found.filter((name) => name.startsWith('public'))).toEqual(naming);
      expect(found.filter((name) => !name.startsWith('public'))).toEqual([
        expect.stringMatching(`^erasures/${device}/`),
        'log.records',
      ]);
      expect(await rig.leftOf(device)).toEqual({
        minutes: but(10, 12),
        events: ['motion', 'visit', 'zone_entered', 'zone_left'],
        pictures: 27,
        visits: 1,
      });
      // That something moved is of nobody; its picture may show them.
      expect(await rig.blobs.head(snapshotKey(motion))).toBeNull();
      expect((await rig.rowsOf('visits', device))[0]).toMatchObject({ person_id: other });
      // Four of whoever stays, and one that no event tells of.
      expect((await rig.rowsOf('occupancy_changes', device)).length).toBe(5);
      await expectExact(device);
    });

    test('who is known of nowhere can be erased where somebody says before which camera it was', async () => {
      const { device } = await rig.written.fill('cam-unknown');
      const personId = 'nobody-knows';
      const asked = rig.erasures.request({ kind: 'person', personId, deviceId: null }, of);
      await expect(asked).rejects.toMatchObject({ status: 404, code: 'no-such-person' });
      const before = await rig.leftOf(device);
      const { devices } = await rig.erase({ kind: 'person', personId, deviceId: device });
      expect(devices).toEqual([device]);
      expect(await rig.leftOf(device)).toEqual(before);
    });
  });

  describe('a time of a device', () => {
    test('takes all that reaches into it, and nothing else', async () => {
      const { device, other } = await rig.written.fill('cam-range');
      // Over, and about to be deleted anyway.
      const expired = [device, `${device}-too`].map((name) => `images/${name}/7-over.jpg`);
      for (const key of expired) await rig.blobs.put(key, Buffer.from('x'));
      const name = 'expire';
      const text = "insert into expired_blobs (key, class, expired_at) select unnest($1::text[]), 'frames', now()";
      await rig.services.store.run({ name, text }, [expired]);
      await rig.erase({ kind: 'range', deviceId: device, fromMs: minutes(11.5), toMs: minutes(20) });
      expect(await Promise.all(expired.map((key) => rig.blobs.head(key)))).toEqual([null, expect.anything()]);
      expect(await rig.services.rows('expired_blobs')).toMatchObject([{ key: expired[1] }]);
      expect(await rig.leftOf(device)).toEqual({
        minutes: but(12, 19),
        // Of the second one, only what begins with the first moment after it; they entered then, too.
        events: ['visit', 'zone_entered', 'zone_left'],
        pictures: 22,
        visits: 1,
      });
      expect((await rig.rowsOf('visits', device))[0]).toMatchObject({ person_id: other });
      expect((await rig.rowsOf('dead_letters', device)).length).toBe(2);
      // What came is known, and not erased: a frame that comes again is a duplicate.
      expect((await rig.rowsOf('frame_claims', device)).length).toBe(30);
      expect((await rig.rowsOf('device_heartbeats', device)).length).toBe(1);
      await expectExact(device);
    });

    test('takes the pictures of events that somebody has deleted before, and that they were', async () => {
      const { device } = await rig.written.fill('cam-deleted');
      const keys = [5, 8, 25].map((minute) => `snapshots/${device}/2026-05-01/deleted-${minute}.png`);
      for (const key of keys) await rig.blobs.put(key, Buffer.from('drawn'));
      const text = `insert into deleted_events (id, device_id, during, snapshot_path, deleted_at)
        select gen_random_uuid(), $1, tstzrange(at, at, '[]'), key, at from unnest($2::timestamptz[], $3::text[]) as one (at, key)`;
      const times = [5, 8, 25].map((minute) => new Date(minutes(minute)));
      await rig.services.store.run({ name: 'deleted', text }, [device, times, keys]);
      await rig.erase({ kind: 'range', deviceId: device, fromMs: minutes(4), toMs: minutes(10) });
      expect(await Promise.all(keys.map((key) => rig.blobs.head(key)))).toEqual([null, null, expect.anything()]);
      const left = (await rig.rowsOf('deleted_events', device)).map(({ snapshot_path }) => snapshot_path);
      // And one of the first minute, without a picture.
      expect(left.sort()).toEqual([null, keys[2]]);
    });

    test('counts an event no more on its day of UTC, and on no other', async () => {
      const { device } = await rig.written.fill('cam-midnight');
      // At half past eleven in the night, and an hour later.
      const crowds = [690, 750].map((minute) =>
        event(`crowd at ${minute}`, {
          ...{ device_id: device, type: 'crowd', occurred_at: minutes(minute), ended_at: minutes(minute + 5) },
        }),
      );
      await rig.written.write('events', 'event', ...crowds);
      const days = async () => (await rig.rowsOf('event_days', device)).filter(({ type }) => type === 'crowd').length;
      expect(await days()).toBe(2);
      await rig.erase({ kind: 'range', deviceId: device, fromMs: minutes(690), toMs: minutes(720) });
      expect(await days()).toBe(1);
      await expectExact(device);
    });

    test('takes the sums of whole hours, though their rows have expired', async () => {
      const { device } = await rig.written.fill('cam-sums');
      await rig.erase({ kind: 'range', deviceId: device, fromMs: minutes(-600), toMs: minutes(-530) });
      for (const table of ['visits_hourly_kept', 'zones_hourly_kept', 'crowds_hourly_kept'] as const) {
        expect(
          (await rig.rowsOf(table, device)).map(({ hour }) => hour),
          table,
        ).toEqual([new Date(minutes(-660))]);
      }
      const hours = (await rig.rowsOf('event_counts', device)).map(({ hour }) => (hour as Date).getTime());
      expect(hours).toContain(minutes(-660));
      expect(hours).not.toContain(minutes(-600));
    });

    test('takes a run that reaches into it, and not the frame with which that began and that was looked at later', async () => {
      const { device } = await rig.written.fill('cam-run');
      const told = [40, 41].map((seq) =>
        observation(seq, { device_id: device, frame_id: frameId(device, 1, seq), captured_at: minutes(seq) }),
      );
      const passed = told.map((one) => ({ ...one, outcome: 'skipped' as const, reason: 'still' }));
      await rig.written.write('observations', 'observation', ...passed, ...told.slice(0, 1));
      await rig.erase({ kind: 'range', deviceId: device, fromMs: minutes(40.5), toMs: minutes(42) });
      const left = (await rig.rowsOf('observations', device)).filter(({ seq }) => Number(seq) >= 40);
      expect(left).toMatchObject([{ seq: 40, outcome: 'analysed' }]);
    });

    test('takes with it what is not over yet', async () => {
      const { device } = await rig.written.fill('cam-lasting');
      const lasting = event('it lasts', { device_id: device, type: 'crowd', occurred_at: minutes(1) });
      await rig.written.write('events', 'event', lasting);
      await rig.erase({ kind: 'range', deviceId: device, fromMs: minutes(29), toMs: minutes(30) });
      expect((await rig.rowsOf('events', device)).map(({ type }) => type)).not.toContain('crowd');
      expect((await rig.rowsOf('events', device)).length).toBe(7);
    });
  });

  describe('what was erased', () => {
    test('is not written when it comes again, or late; what it leaves behind goes too', async () => {
      const camera = await rig.written.fill('cam-again');
      await rig.erase({ kind: 'person', personId: camera.person, deviceId: null });
      await rig.erase({ kind: 'range', deviceId: camera.device, fromMs: minutes(24), toMs: minutes(26) });
      const left = await rig.leftOf(camera.device);
      const rows = await besides(camera.device);
      // All of it again, as after a reset of the reader's place; pictures that nobody deleted too.
      await rig.written.tell(camera.device);
      expect((await rig.services.rows('erasure_leftovers')).length).toBeGreaterThan(0);
      await rig.finish();
      expect(await rig.services.rows('erasure_leftovers')).toEqual([]);
      expect(await rig.leftOf(camera.device)).toEqual(left);
      expect((await besides(camera.device)).keys).toEqual(rows.keys);
      await expectExact(camera.device);
    });

    test('is waited for where it is being written while it is asked for', async () => {
      const { device } = await rig.written.fill('cam-writing');
      const late = event('a late one', { device_id: device, occurred_at: minutes(3), ended_at: minutes(3) });
      const { commit } = await rig.written.writeSlowly('events', 'event', late);
      let isAnswered = false;
      const asking = rig.erasures
        .request({ kind: 'range', deviceId: device, fromMs: minutes(2), toMs: minutes(4) }, of)
        .then(() => {
          isAnswered = true;
        });
      await expect.poll(rig.waitingForLocks).toBe(1);
      expect(isAnswered).toBe(false);
      await Promise.all([commit(), asking]);
      expect((await rig.rowsOf('events', device)).map(({ id }) => id)).toContain(late.event_id);
      await rig.finish();
      expect((await rig.rowsOf('events', device)).map(({ id }) => id)).not.toContain(late.event_id);
    });

    test('holds up nobody while it is only counted, however long that takes', async () => {
      const { device } = await rig.written.fill('cam-counted');
      const wanted = { kind: 'range', deviceId: device, fromMs: minutes(2), toMs: minutes(4) } as const;
      let [onBegun, goOn] = [() => {}, () => {}];
      const begun = new Promise<void>((resolve) => {
        onBegun = resolve;
      });
      const mayGoOn = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const slow = storeWith(rig.services.store, 'count-to-erase', () => {
        onBegun();
        return mayGoOn;
      });
      const counting = createErasures({ store: slow, clock }).count(wanted, of);
      await begun;
      const { id } = await Promise.race([
        rig.erasures.request(wanted, of),
        sleep(5_000).then(() => Promise.reject(new Error('whoever asks waits for who counts'))),
      ]).finally(() => goOn());
      await counting;
      await rig.finish();
      expect(await rig.erasures.find(null, id)).toMatchObject({ gone: { captures: 2 } });
    });

    test('a later version that is told of a person has the frames erased that show them', async () => {
      const camera = await rig.written.fill('cam-later');
      await rig.erase({ kind: 'person', personId: camera.person, deviceId: null });
      expect((await rig.leftOf(camera.device)).minutes).toEqual(but(10, 12));
      const [row] = (await rig.services.rows<Row>('erasure_list')).filter(
        ({ device_id }) => device_id === camera.device,
      );
      expect(row).toBeDefined();
      await rig.written.write('events', 'event', visitOf(camera, { from: 10, to: 15, version: 2 }));
      await rig.finish();
      expect(await rig.leftOf(camera.device)).toMatchObject({ minutes: but(10, 15), pictures: 24 });
      expect((await rig.services.rows<Row>('visits')).map(({ person_id }) => person_id)).not.toContain(camera.person);
    });
  });
}

describe('erasing on PostgreSQL', () => erasing(startDatabase));

describeWith('timescale', 'erasing on TimescaleDB', ({ url }) => {
  erasing(async () => {
    const { connectionString, drop: stop } = await createTimescaleDatabase(url);
    return { connectionString, stop };
  });

  test('reaches into chunks that are compressed', async () => {
    const { device, person } = await rig.written.fill('cam-compressed');
    const text = 'select compress_chunk(chunk) from unnest($1::regclass[]) as tables, show_chunks(tables) as chunk';
    const tables = ['events', 'visits', 'captures'];
    const compressed = await rig.services.store.run({ name: 'compress', text }, [tables]);
    expect(compressed.length).toBeGreaterThanOrEqual(tables.length);
    await rig.erase({ kind: 'person', personId: person, deviceId: null });
    expect(await rig.leftOf(device)).toMatchObject({ minutes: but(10, 12), pictures: 27, visits: 1 });
    await rig.erase({ kind: 'device', deviceId: device });
    expect(await rig.leftOf(device)).toEqual({ minutes: [], events: [], pictures: 0, visits: 0 });
  });
});
