import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AggregatorRig, startAggregatorRig } from '../aggregator/rig-under-test.ts';
import { wrongSumsOfDays } from '../aggregator/sums-of-days-under-test.ts';
import { told } from '../aggregator/visit-under-test.ts';
import { deleteEvent } from '../console/delete-event.ts';
import { createManualClock } from '../ports/clock/manual.ts';
import { Outage } from '../ports/errors.ts';
import { describeWith } from '../ports/servers-under-test.ts';
import { startDatabase, startTimescaleDatabase } from '../ports/store/database-under-test.ts';
import { event, NOW_MS } from '../schemas/records-under-test.ts';

const clock = createManualClock(NOW_MS);
const by = { id: '00000000-0000-4000-8000-000000000001', username: 'ann', role: 'operator', fleetId: null } as const;
type Row = Readonly<Record<string, unknown>>;

/** An event that somebody deletes, between its versions: what the aggregator writes and what the API takes away. */
function deleting(database: typeof startDatabase): void {
  let rig: AggregatorRig;
  let blobs: ReturnType<AggregatorRig['services']['openBlobs']>;
  beforeAll(async () => {
    rig = await startAggregatorRig(database);
    blobs = rig.services.openBlobs();
  });
  afterAll(() => rig?.services.stop());

  const query = <Found extends object = Row>(name: string, text: string, values: readonly unknown[] = []) =>
    rig.services.store.run<Found>({ name: `test-${name}`, text }, values);
  const tell = async (...events: readonly ReturnType<typeof event>[]) => {
    await rig.append('events', 'event', ...events);
    await rig.drain();
  };
  const numberOf = async (name: string) => {
    const text = 'select number from events where id = $1';
    const [row] = await query<{ number: number }>('number', text, [event(name).event_id]);
    return row?.number ?? 0;
  };
  const remove = async (name: string, { withSnapshot = false, store = rig.services.store, pictures = blobs } = {}) =>
    deleteEvent({ store, blobs: pictures, clock }, { number: await numberOf(name), by, withSnapshot });
  const draw = async (name: string) => {
    const key = `snapshots/camera/2026-05-01/${name.replaceAll(' ', '-')}.png`;
    await blobs.put(key, Buffer.from('drawn'));
    await query('draw', 'update events set snapshot_path = $2 where id = $1', [event(name).event_id, key]);
    return key;
  };

  /** All that is told of a device, but numbers, which nobody is given again. */
  async function toldOf(device: string) {
    const tables = [
      'select id, version from events where device_id = $1 order by id',
      'select id, version from visits where device_id = $1 order by id',
      'select type, hour, count from event_counts where device_id = $1 order by 1, 2',
      'select type, day, events from event_days where device_id = $1 order by 1, 2',
      'select type, month, events from event_months where device_id = $1 order by 1, 2',
      'select event_id, delta, at from occupancy_changes where device_id = $1 order by 1, 2',
      'select zone_id, day, people from occupancy_days where device_id = $1 order by 1, 2',
      'select hour, visits, dwell_ms from visits_hourly where device_id = $1 order by 1',
      'select zone_id, hour, entered, stay_ms from zones_hourly where device_id = $1 order by 1, 2',
    ];
    const told: unknown[] = [];
    for (const [at, text] of tables.entries()) told.push(await query(`told-${at}`, text, [device]));
    expect(await wrongSumsOfDays(rig.services.store)).toEqual([]);
    return told;
  }

  const stay = (name: string, device: string, ended_at: number | null, version = 1) =>
    event(name, {
      device_id: device,
      type: 'zone_entered',
      version,
      ended_at,
      payload: { kind: 'ZoneChange', zone_id: 'till', zone_name: '', person_id: 'P', stay_ms: null, box: null },
    });

  test('what is told and counted is what would have been, had it never happened', async () => {
    const [one, two] = ['deleted from', 'never had it'];
    const common = (device: string) => [
      told(`${device} visit`, 1, null, { device_id: device }),
      stay(`${device} stay`, device, NOW_MS + 5_000),
      event(`${device} motion`, { device_id: device }),
    ];
    await tell(...common(one), ...common(two));
    const before = await toldOf(one);
    await tell(
      told('gone visit', 1, null, { device_id: one }),
      stay('gone stay', one, NOW_MS + 9_000),
      event('gone motion', { device_id: one }),
      event('gone crowd', { device_id: one, type: 'crowd', payload: { kind: 'Other', data_json: '{}' } }),
    );
    expect(await toldOf(one)).not.toEqual(before);
    for (const name of ['gone visit', 'gone stay', 'gone motion', 'gone crowd']) await remove(name);
    expect(await toldOf(one)).toEqual(before);
  });

  test('neither a version that follows nor a replay brings it back, and others are written beside it', async () => {
    const device = 'told again';
    const first = told('again', 1, null, { device_id: device });
    await tell(first);
    await remove('again');
    const nothing = await toldOf(device);
    expect(nothing.flat()).toEqual([]);
    await tell(first, told('again', 2, null, { device_id: device }), told('again', 3, 9_000, { device_id: device }));
    expect(await toldOf(device)).toEqual(nothing);
    await tell(told('again', 4, null, { device_id: device }), told('another', 1, 5_000, { device_id: device }));
    expect((await toldOf(device))[0]).toEqual([{ id: event('another').event_id, version: 1 }]);
  });

  test('told while it is deleted, it is gone in the end', async () => {
    const device = 'meanwhile';
    for (let time = 0; time < 10; time += 1) {
      const name = `meanwhile ${time}`;
      await tell(told(name, 1, null, { device_id: device }));
      const stop = rig.start();
      const later = Array.from({ length: 5 }, (_, at) => told(name, at + 2, null, { device_id: device }));
      await Promise.all([rig.append('events', 'event', ...later), remove(name)]);
      await rig.caughtUp();
      await stop();
      expect((await toldOf(device)).flat()).toEqual([]);
    }
  });

  test('its picture stays, and is known, unless it is to go too', async () => {
    await tell(event('kept picture'), event('no picture'), event('gone picture'));
    const [kept, gone] = [await draw('kept picture'), await draw('gone picture')];
    expect(await remove('kept picture')).toEqual({ isSnapshotGone: false });
    expect(await remove('no picture', { withSnapshot: true })).toEqual({ isSnapshotGone: false });
    expect(await remove('gone picture', { withSnapshot: true })).toEqual({ isSnapshotGone: true });
    expect([await blobs.head(kept), await blobs.head(gone)]).toEqual([expect.anything(), null]);
    expect(await query('kept', 'select snapshot_path from deleted_events where snapshot_path is not null')).toEqual([
      { snapshot_path: kept },
    ]);
    expect(await query('expired', 'select key from expired_blobs')).toEqual([]);
  });

  test('a picture that cannot be deleted just now is deleted later; one that another event has stays', async () => {
    await tell(event('away'), event('shared a'), event('shared b'));
    const key = await draw('away');
    const away = { ...blobs, delete: () => Promise.reject(new Outage('blobs', 'away')) };
    expect(await remove('away', { withSnapshot: true, pictures: away })).toEqual({ isSnapshotGone: true });
    expect(await query('expired', 'select key from expired_blobs')).toEqual([{ key }]);
    const shared = await draw('shared a');
    await query('share', 'update events set snapshot_path = $2 where id = $1', [event('shared b').event_id, shared]);
    expect(await remove('shared a', { withSnapshot: true })).toEqual({ isSnapshotGone: false });
    expect(await blobs.head(shared)).not.toBeNull();
  });

  test('it is deleted once, and who did it is written down', async () => {
    await tell(event('once'));
    const number = await numberOf('once');
    const tries = await Promise.allSettled([remove('once'), remove('once'), remove('once')]);
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of tries) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ status: 404, code: 'no-such-event' });
    }
    const text =
      "select username, subject, device_id, details from audit_log where action = 'event-delete' and subject = $1";
    expect(await query('audit', text, [event('once').event_id])).toEqual([
      {
        username: 'ann',
        subject: event('once').event_id,
        device_id: 'camera',
        details: { number, type: 'motion', occurred_at: '2026-05-01T12:00:00.000000Z', snapshot_deleted: false },
      },
    ]);
  });
}

describe('deleting on PostgreSQL', () => deleting(startDatabase));

describeWith('timescale', 'deleting on TimescaleDB', ({ url }) => deleting(() => startTimescaleDatabase(url)));
