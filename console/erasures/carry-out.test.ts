import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Outage } from '../../ports/errors.ts';
import type { Queryable, Store } from '../../ports/store/store.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import { event } from '../../schemas/records-under-test.ts';
import { snapshotKey } from '../../schemas/snapshot-key.ts';
import { applyErasures } from './apply.ts';
import { DEVICE_TABLES } from './device-tables.ts';
import { minutes } from './erased-under-test.ts';
import { but, clock, type ErasingRig, going, of, type Row, SEEN, startErasingRig } from './erasing-rig-under-test.ts';

let rig: ErasingRig;
beforeAll(async () => {
  rig = await startErasingRig();
});
afterAll(() => rig.services.stop());

/** Dies once at the n-th statement of a sweep, or right before its commit. */
function diesAfter(statements: number): Store {
  let left = statements;
  return {
    ...rig.services.store,
    transaction: (work) =>
      rig.services.store.transaction(async (transaction) => {
        const run = (async (statement, values) => {
          if (left-- === 0) throw new Outage('the store', 'killed');
          return transaction.run(statement, values);
        }) as Queryable['run'];
        const result = await work({ run });
        if (left-- === 0) throw new Outage('the store', 'killed');
        return result;
      }),
  };
}

describe('killed', () => {
  test('wherever that is, whoever sweeps next goes on, and all of it is gone in the end', async () => {
    const { device, person } = await rig.written.fill('cam-killed');
    await rig.erasures.request({ kind: 'device', deviceId: device }, of);
    let kills = 0;
    for (let statements = 0; statements < 400; statements += 3) {
      try {
        await rig.carryOut({ store: diesAfter(statements % 29), rowsMax: 5 }).sweep(going());
      } catch (error) {
        expect(error).toBeInstanceOf(Outage);
        kills += 1;
      }
    }
    expect(kills).toBeGreaterThan(20);
    await rig.finish();
    expect(await rig.written.search(person)).toEqual([]);
    for (const table of [...SEEN, ...DEVICE_TABLES]) expect(await rig.rowsOf(table, device), table).toEqual([]);
  });

  test('a blob store that is away loses no blob from mind, and the row says why it waits', async () => {
    const { device } = await rig.written.fill('cam-away');
    const { id } = await rig.erasures.request(
      { kind: 'range', deviceId: device, fromMs: minutes(0), toMs: minutes(5) },
      of,
    );
    const away = { ...rig.blobs, delete: async () => Promise.reject(new Outage('the blob store', 'away')) };
    await expect(rig.carryOut({ blobs: away }).sweep(going())).rejects.toThrow(Outage);
    expect(await rig.erasures.find(null, id)).toMatchObject({ step: 'blobs', error: expect.stringContaining('away') });
    expect((await rig.leftOf(device)).minutes).toEqual(but(0, 4));
    expect((await rig.leftOf(device)).pictures).toBe(30);
    await rig.finish();
    expect(await rig.leftOf(device)).toMatchObject({ pictures: 25 });
    expect(await rig.erasures.find(null, id)).toMatchObject({ error: null, gone: { blobs: 5 } });
  });
});

test('who and what was erased, and what came of it, is in the audit log', async () => {
  const { device } = await rig.written.fill('cam-audit');
  const { id } = await rig.erase({ kind: 'range', deviceId: device, fromMs: minutes(0), toMs: minutes(2) });
  const changes = (await rig.services.rows<Row>('audit_log')).filter(({ subject }) => subject === id);
  expect(changes).toMatchObject([
    { action: 'erasure-request', username: 'ann', device_id: device, details: { kind: 'range' } },
    { action: 'erasure-finish', username: 'ann', device_id: device, details: { gone: { captures: 2 } } },
  ]);
});

describe('after a restore', () => {
  const apply = () => applyErasures({ store: rig.services.store, log: rig.log, blobs: rig.blobs, codec, clock });

  test('what was erased since the backup is erased again, by the notes among the blobs', async () => {
    const [gone, cut] = [await rig.written.fill('cam-restored'), await rig.written.fill('cam-restored-too')];
    await rig.erase({ kind: 'device', deviceId: gone.device });
    await rig.erase({ kind: 'person', personId: cut.person, deviceId: null });
    // The database of before: it knows of no erasure.
    for (const table of ['erasure_leftovers', 'erasure_list', 'erasures', 'audit_log']) {
      await rig.services.store.run({ name: `truncate-${table}`, text: `delete from ${table}` });
    }
    await rig.services.store.run({ name: 'undelete', text: 'update devices set erased_at = null, deleted_at = null' });
    await rig.written.tell(gone.device);
    await rig.written.tell(cut.device);
    expect((await rig.leftOf(gone.device)).minutes.length).toBe(30);
    expect((await rig.leftOf(cut.device)).minutes.length).toBe(30);

    const applied = await apply();
    const of = (device: string) => applied.find(({ erasure }) => erasure.devices.includes(device));
    expect(of(gone.device)).toMatchObject({
      erasure: { kind: 'device', username: 'ann' },
      wasKnown: false,
      gone: { events: 7, visits: 2, captures: 30, blobs: 31 },
    });
    // Their three pictures, and the drawing of who moved.
    expect(of(cut.device)).toMatchObject({ wasKnown: false, gone: { events: 3, visits: 1, captures: 3, blobs: 4 } });
    expect(await rig.leftOf(gone.device)).toEqual({ minutes: [], events: [], pictures: 0, visits: 0 });
    expect(await rig.leftOf(cut.device)).toMatchObject({ minutes: but(10, 12), visits: 1, pictures: 27 });
    for (const table of DEVICE_TABLES) expect(await rig.rowsOf(table, gone.device), table).toEqual([]);
    const again = await apply();
    expect(again.map(({ gone, ...one }) => [one.wasKnown, { ...gone, log_records: 0 }])).toEqual(
      applied.map(() => [true, { log_records: 0 }]),
    );
  });

  test('pictures that a copy of the blobs brought back go, though no row names them; others stay', async () => {
    const { device, motion } = await rig.written.fill('cam-copied');
    const claim = `insert into frame_claims (device_id, epoch, seq, stated_ms, digest, captured_at, time_quality, lane, received_at, lease_until)
      select $1, 0, $2, $3, '\\x00', $4, 'ntp', 'live', $4, $4`;
    for (const [seq, minute] of [12, 22].entries()) {
      const values = [device, seq, minutes(minute), new Date(minutes(minute))];
      await rig.services.store.run({ name: 'claim', text: claim }, values);
    }
    const drawn = (minute: number) =>
      snapshotKey({ type: 'motion', device_id: device, occurred_at: minutes(minute), lane: 'live' });
    // A motion that began before, whose row went, since it reached into the time; it began within a day of it.
    const gone = [
      `devices/${device}/2026/05/01/frame-1-11.jpg`,
      `devices/${device}/2026/05/01/12-a.jpg`,
      `images/${device}/${minutes(12)}.jpg`,
      snapshotKey(motion),
      drawn(9),
    ];
    const kept = [
      `devices/${device}/2026/05/01/frame-1-21.jpg`,
      `images/${device}/${minutes(22)}.jpg`,
      // Of no claim: an orphan, which is not for an erasure to tell.
      `devices/${device}/2026/05/01/frame-1-77.jpg`,
      drawn(21),
      drawn(-24 * 60),
      `snapshots/${device}/2026-05-01/of-old.png`,
    ];
    await rig.erase({ kind: 'range', deviceId: device, fromMs: minutes(11), toMs: minutes(20) });
    for (const key of [...gone, ...kept]) await rig.blobs.put(key, Buffer.from('from the copy'));
    const before = (await rig.leftOf(device)).minutes;

    const applied = await apply();
    const there = await Promise.all([...gone, ...kept].map((key) => rig.blobs.head(key)));
    expect(there.map((head) => head !== null)).toEqual([...gone.map(() => false), ...kept.map(() => true)]);
    expect(applied.find(({ erasure }) => erasure.devices.includes(device))).toMatchObject({ gone: { blobs: 5 } });
    expect((await rig.leftOf(device)).minutes).toEqual(before);
  });

  test('whatever came back under the name of a device that was erased goes, though nobody can tell what it is', async () => {
    const { device } = await rig.written.fill('cam-back');
    await rig.erase({ kind: 'device', deviceId: device });
    const key = `devices/${device}/2026/05/01/frame-1-5.jpg`;
    await rig.blobs.put(key, Buffer.from('from the copy'));
    await apply();
    expect(await rig.blobs.head(key)).toBeNull();
  });

  test('a drawing that a row names stays, though its motion may have lasted until the erased time', async () => {
    const { device } = await rig.written.fill('cam-drawn');
    const over = event('over', { device_id: device, occurred_at: minutes(1), ended_at: minutes(2) });
    await rig.written.write('events', 'event', over);
    await rig.blobs.put(snapshotKey(over), Buffer.from('a drawing'));
    const text = 'update events set snapshot_path = $2 where id = $1';
    await rig.services.store.run({ name: 'drawn', text }, [over.event_id, snapshotKey(over)]);
    await rig.erase({ kind: 'range', deviceId: device, fromMs: minutes(11), toMs: minutes(20) });
    await apply();
    expect(await rig.blobs.head(snapshotKey(over))).not.toBeNull();
  });
});
