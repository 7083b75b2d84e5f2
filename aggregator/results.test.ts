import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Outage } from '../ports/errors.ts';
import { describeWith } from '../ports/servers-under-test.ts';
import { startDatabase, startTimescaleDatabase } from '../ports/store/database-under-test.ts';
import type { Store } from '../ports/store/store.ts';
import { event, NOW_MS, observation } from '../schemas/records-under-test.ts';
import type { Event } from '../schemas/types.ts';
import { type AggregatorRig, startAggregatorRig } from './rig-under-test.ts';
import { wrongSumsOfDays } from './sums-of-days-under-test.ts';
import { told } from './visit-under-test.ts';

interface Row {
  readonly [column: string]: unknown;
}

/** What is written and what is read must be the same, whichever server it is. */
function results(start: () => Promise<AggregatorRig>): void {
  let rig: AggregatorRig;
  let owner: pg.Client;
  beforeAll(async () => {
    rig = await start();
    owner = new pg.Client({ connectionString: rig.services.connectionString });
    await owner.connect();
  });
  afterAll(async () => {
    await owner?.end();
    await rig?.services.stop();
  });

  async function visitOf(name: string): Promise<Row | undefined> {
    const rows = await rig.services.rows<Row>('visits');
    return rows.find(({ id }) => id === event(name).event_id);
  }

  async function tell(...events: readonly Event[]): Promise<void> {
    await rig.append('events', 'event', ...events);
    await rig.drain();
  }

  /** As [type, hour, how many], of one device. */
  async function countsOf(device: string) {
    const rows = await rig.services.rows<{ device_id: string; type: string; hour: Date; count: number }>(
      'event_counts',
    );
    return rows
      .filter(({ device_id }) => device_id === device)
      .map(({ type, hour, count }) => [type, hour.toISOString().slice(0, 13), count])
      .sort();
  }

  afterEach(async () => expect(await wrongSumsOfDays(rig.services.store)).toEqual([]));

  afterEach(async () => {
    const { rows } = await owner.query(
      `select number from events
       where not exists (
         select from event_numbers where thousand = number / 1000 and week = event_week(occurred_at)
       )`,
    );
    expect(rows, 'events that nobody finds by their numbers').toEqual([]);
  });

  describe('visits', () => {
    test('a visit is a row from its first version on', async () => {
      await tell(told('row', 1, null));
      expect(await visitOf('row')).toEqual({
        id: event('row').event_id,
        opened_at: new Date(NOW_MS),
        device_id: 'camera',
        person_id: 'P',
        lane: 'live',
        source: 'camera',
        state: 'updated',
        last_seen_at: new Date(NOW_MS + 1),
        ended_at: null,
        dwell_ms: 1,
        dwell_min_ms: 1,
        dwell_max_ms: 201,
        sightings: 1,
        confidence: 0.5,
        time_quality: 'device',
        model: 'm',
        config_version: 0,
        version: 1,
        created_at: new Date(NOW_MS),
      });
    });

    const three = (name: string) => [told(name, 1, null), told(name, 2, 9_000), told(name, 3, null)];
    test.each([
      ['in order', [0, 1, 2]],
      ['backwards', [2, 1, 0]],
      ['mixed and twice', [1, 2, 0, 1, 2]],
    ])('the newest version stays, in one batch and one by one: %s', async (order, places) => {
      for (const batch of [500, 1]) {
        const name = `${order} ${batch}`;
        await rig.append('events', 'event', ...places.flatMap((place) => three(name)[place] ?? []));
        await rig.drain({ batch });
        expect(await visitOf(name)).toMatchObject({ version: 3, ended_at: null, dwell_ms: 3, sightings: 3 });
      }
    });

    test('one that is over has its end, and what comes late changes nothing', async () => {
      await tell(told('over', 2, 9_000));
      await tell(told('over', 1, null));
      expect(await visitOf('over')).toMatchObject({
        version: 2,
        state: 'closed',
        ended_at: new Date(NOW_MS + 9_000),
        dwell_ms: 9_000,
      });
    });

    test('no other event is a visit, nor is one that tells of it in words of its own', async () => {
      const before = (await rig.services.rows('visits')).length;
      await tell(
        event('no visit'),
        event('a visit of the future', { type: 'visit', payload: { kind: 'Other', data_json: '{"person_id":"P"}' } }),
      );
      expect(await rig.services.rows('visits')).toHaveLength(before);
    });
  });

  describe('counts of events', () => {
    const of = (device_id: string, change: Partial<Event> = {}): Partial<Event> => ({ device_id, ...change });

    test('by device, type and hour', async () => {
      const nextHour = NOW_MS + 3_600_000;
      await tell(
        event('c1', of('counted')),
        event('c2', of('counted', { occurred_at: nextHour - 1 })),
        event('c3', of('counted', { occurred_at: nextHour })),
        event('c4', of('counted', { type: 'crowd' })),
        event('c5', of('another')),
      );
      expect(await countsOf('counted')).toEqual([
        ['crowd', '2026-05-01T12', 1],
        ['motion', '2026-05-01T12', 2],
        ['motion', '2026-05-01T13', 1],
      ]);
      expect(await countsOf('another')).toEqual([['motion', '2026-05-01T12', 1]]);
    });

    test('and by the day of UTC', async () => {
      const midnight = Date.UTC(2026, 4, 2);
      await tell(
        event('d1', of('by day', { occurred_at: midnight - 1_800_000 })),
        event('d2', of('by day', { occurred_at: midnight + 1_800_000 })),
        event('d3', of('by day', { occurred_at: midnight + 1_800_001 })),
      );
      const { rows } = await owner.query(
        "select day::text, events::integer from event_days where device_id = 'by day' order by day",
      );
      expect(rows).toEqual([
        { day: '2026-05-01', events: 1 },
        { day: '2026-05-02', events: 2 },
      ]);
    });

    test.each([500, 2, 1])(
      'an event counts once, whatever its versions and however often it comes; %i at once',
      async (batch) => {
        const device = `versions ${batch}`;
        const names = ['a', 'b', 'c'].map((name) => `${device} ${name}`);
        const versions = [2, 1, 3, 3, 4].flatMap((version) =>
          names.map((name) => event(name, of(device, { version }))),
        );
        for (let times = 0; times < 2; times += 1) {
          await rig.append('events', 'event', ...versions);
          await rig.drain({ batch });
          expect(await countsOf(device)).toEqual([['motion', '2026-05-01T12', 3]]);
        }
      },
    );

    test('a batch whose commit nobody heard of, and one that failed and comes again, count once', async () => {
      const device = 'unheard';
      const told = Array.from({ length: 60 }, (_, at) => event(`${device} ${at}`, of(device)));
      await rig.append('events', 'event', ...told);
      const store = failing(rig.services.openStore('aggregator'));
      await rig.drain({ store, batch: 20 });
      expect(await countsOf(device)).toEqual([['motion', '2026-05-01T12', 60]]);
    });

    test('what no column takes counts nothing, and what is beside it once', async () => {
      const device = 'refused';
      await tell(
        event('refused 1', of(device)),
        event('refused 2', of(device, { event_id: 'not-a-uuid' })),
        event('refused 3', of(device)),
      );
      expect(await countsOf(device)).toEqual([['motion', '2026-05-01T12', 2]]);
    });
  });

  describe('observations', () => {
    /** As [first seq, last seq, outcome, reason, frames], in their order. */
    async function rowsOf(device: string) {
      const rows = await rig.services.rows<Row & { number: number }>('observations');
      return rows
        .filter(({ device_id }) => device_id === device)
        .sort((a, b) => a.number - b.number)
        .map(({ seq, last_seq, outcome, reason, frames }) => [seq, last_seq, outcome, reason, frames]);
    }

    const box = { x: 0.1, y: 0.2, width: 0.3, height: 0.4 };
    const person = { class_name: 'person', confidence: 0.9, box, track_id: 'T' };

    /** Frame ids follow from the seq: those of each device have their own. */
    const seen = (device_id: string, seq: number) =>
      observation(seq, { device_id, objects: [person], motion: { score: 0.25, boxes: [box] }, model: 'm' });
    const passed = (device_id: string, seq: number, reason = 'still') =>
      observation(seq, { device_id, outcome: 'skipped', reason });

    test.each([500, 3, 1])('a run is a row and so is a frame that was looked at; %i at once', async (batch) => {
      const device = `runs ${batch}`;
      const from = batch * 1_000;
      const frames = [
        ...[1, 2, 3, 4].map((seq) => passed(device, from + seq)),
        seen(device, from + 5),
        ...[6, 7].map((seq) => passed(device, from + seq, 'paused')),
        ...[8, 9].map((seq) => passed(device, from + seq)),
      ];
      await rig.append('observations', 'observation', ...frames);
      await rig.drain({ batch });
      const rows = [
        [from + 1, from + 4, 'skipped', 'still', 4],
        [from + 5, from + 5, 'analysed', null, 1],
        [from + 6, from + 7, 'skipped', 'paused', 2],
        [from + 8, from + 9, 'skipped', 'still', 2],
      ];
      expect(await rowsOf(device)).toEqual(rows);
      await rig.append('observations', 'observation', passed(device, from + 10), seen(device, from + 5));
      await rig.drain();
      expect(await rowsOf(device)).toEqual([...rows.slice(0, 3), [from + 8, from + 10, 'skipped', 'still', 3]]);
    });

    test('a frame that was looked at keeps what was seen in it, also when it comes again and is passed over', async () => {
      await rig.append('observations', 'observation', seen('looked at', 601));
      await rig.drain();
      await rig.append('observations', 'observation', passed('looked at', 601, 'out-of-order'));
      await rig.drain();
      const rows = (await rig.services.rows<Row>('observations')).filter(({ device_id }) => device_id === 'looked at');
      const { captured_at, frame_id } = observation(601);
      expect(rows).toEqual([
        {
          frame_id,
          captured_at: new Date(captured_at),
          number: expect.any(Number),
          device_id: 'looked at',
          epoch: 0,
          seq: 601,
          lane: 'live',
          outcome: 'analysed',
          reason: null,
          frames: 1,
          last_seq: 601,
          last_captured_at: new Date(captured_at),
          motion: 0.25,
          motion_boxes: [box],
          objects: [person],
          model: 'm',
          config_version: 0,
        },
      ]);
    });

    test.each([500, 2, 1])(
      'a frame that is looked at after all, or again, takes no answer from others; %i at once',
      async (batch) => {
        const device = `second look ${batch}`;
        const from = 800_000 + batch * 1_000;
        const [first, second, third, fourth] = [from, from + 1, from + 2, from + 3];
        const told = [
          ...[first, second, third].map((seq) => passed(device, seq)),
          seen(device, first),
          passed(device, fourth),
          { ...seen(device, first), reason: 'redriven' },
          passed(device, first),
          passed(device, fourth + 1),
        ];
        await rig.append('observations', 'observation', ...told);
        await rig.drain({ batch });
        expect(await rowsOf(device)).toEqual([
          [first, third, 'skipped', 'still', 3],
          [first, first, 'analysed', 'redriven', 1],
          [fourth, fourth + 1, 'skipped', 'still', 2],
        ]);
      },
    );

    test('a batch that comes again makes no run longer', async () => {
      const frames = Array.from({ length: 60 }, (_, at) => passed('again', 700 + at));
      await rig.append('observations', 'observation', ...frames);
      await rig.drain({ store: failing(rig.services.openStore('aggregator')), batch: 20 });
      expect(await rowsOf('again')).toEqual([[700, 759, 'skipped', 'still', 60]]);
    });

    test('which was told last of each device and lane is known', async () => {
      const { rows } = await owner.query(
        `select distinct on (device_id, lane) device_id, lane, frame_id, captured_at, outcome
         from observations order by device_id, lane, number desc`,
      );
      expect(rows.length).toBeGreaterThan(5);
      const { rows: known } = await owner.query('select * from last_observations order by device_id, lane');
      expect(known).toEqual(rows);
    });

    test('a run whose row has gone is not gone on with', async () => {
      await rig.append('observations', 'observation', passed('gone', 900), passed('gone', 901));
      await rig.drain();
      await owner.query("delete from observations where device_id = 'gone'");
      await rig.append('observations', 'observation', passed('gone', 902), passed('gone', 903));
      await rig.drain();
      expect(await rowsOf('gone')).toEqual([[902, 903, 'skipped', 'still', 2]]);
    });
  });
}

/** Of every four transactions the first is lost before its commit, and that of the third is not heard of. */
function failing(store: Store): Store {
  let transactions = 0;
  return {
    ...store,
    async transaction(work) {
      const turn = transactions++ % 4;
      const result = await store.transaction(async (transaction) => {
        const done = await work(transaction);
        if (turn === 0) throw new Outage('the database does not answer', 'ECONNREFUSED');
        return done;
      });
      if (turn === 2) throw new Outage('the database does not answer', 'ECONNRESET');
      return result;
    },
  };
}

describe('results on PostgreSQL', () => results(() => startAggregatorRig(startDatabase)));

describeWith('timescale', 'results on TimescaleDB', ({ url }) =>
  results(() => startAggregatorRig(() => startTimescaleDatabase(url))),
);
