import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeWith } from '../../ports/servers-under-test.ts';
import { startTimescaleDatabase } from '../../ports/store/database-under-test.ts';
import { told } from '../visit-under-test.ts';
import { DAY_MS, HOUR_MS, jpegUnderTest, NOON_MS, type RetentionRig, startRetentionRig } from './rig-under-test.ts';

describeWith('timescale', 'retention of hypertables', ({ url }) => {
  let rig: RetentionRig;
  beforeAll(async () => {
    rig = await startRetentionRig(() => startTimescaleDatabase(url));
    // Jobs run when they are told to.
    await rig.query('select alter_job(job_id, scheduled => false) from timescaledb_information.jobs');
  });
  beforeEach(() => rig.empty());
  afterAll(() => rig?.services.stop());

  const chunksOf = async (table: string) =>
    (await rig.query<{ name: string }>('select show_chunks($1::text::regclass)::text as name', [table])).length;
  const compress = (table: string) =>
    rig.query(`select compress_chunk(chunk, if_not_compressed => true) from show_chunks('${table}') as chunk`);

  test('goes through chunks that are compressed, and drops those that are empty then', async () => {
    const old = [60, 57, 54, 51].map((hours) => NOON_MS - hours * HOUR_MS);
    for (const atMs of old) await rig.addFrame({ atMs });
    const held = await rig.addFrame({ atMs: NOON_MS - 63 * HOUR_MS, state: 'queued' });
    const young = await rig.addFrame({ atMs: NOON_MS - HOUR_MS });
    for (const days of [120, 110, 100]) await rig.addMotion({ atMs: NOON_MS - days * DAY_MS, drawn: days !== 110 });
    const kept = await rig.addMotion({ atMs: NOON_MS - DAY_MS, drawn: true });
    const before = [await chunksOf('captures'), await chunksOf('events')];
    await compress('captures');
    await compress('events');

    await rig.run();
    expect(await rig.capturesOf()).toEqual({ seqs: [held, young], pictures: [held, young] });
    expect((await rig.query<{ id: string }>('select id from events')).map(({ id }) => id)).toEqual([kept]);
    expect(await rig.unmatched()).toEqual([]);
    expect([await chunksOf('captures'), await chunksOf('events')]).toEqual([2, 1]);
    expect(before.every((chunks, at) => chunks > ([2, 1][at] ?? 0))).toBe(true);
    const [run] = await rig.query<{ classes: { class: string; error: string | null }[] }>(
      'select classes from retention_runs order by number desc limit 1',
    );
    expect(run?.classes.filter(({ error }) => error !== null)).toEqual([]);
  });

  test('lets go of chunks of observations and of visits, and keeps the sums of their hours', async () => {
    const lasting = (atMs: number, ms: number) => ({ atMs, lastMs: atMs + ms });
    for (const hours of [60, 57, 54]) await rig.addObservation(lasting(NOON_MS - hours * HOUR_MS, 1_000));
    // A run whose last frame is not over holds its chunk.
    await rig.addObservation(lasting(NOON_MS - 51 * HOUR_MS, 10 * HOUR_MS));
    await rig.addObservation(lasting(NOON_MS - HOUR_MS, 1_000));
    for (const days of [120, 110, 109, 100, 1]) await rig.addVisit(lasting(NOON_MS - days * DAY_MS, 9_000));
    // Of two in one hour only one is over.
    await rig.addVisit(lasting(NOON_MS - 100 * DAY_MS, 30 * DAY_MS));
    const before = [await chunksOf('observations'), await chunksOf('visits')];
    await compress('visits');
    const sums = () => rig.query<{ visits: number }>('select hour, visits, dwell_ms from visits_hourly order by hour');
    const atFirst = await sums();
    expect(atFirst.map(({ visits }) => visits)).toEqual([1, 1, 1, 2, 1]);

    await rig.run();
    expect([await rig.countOf('observations'), await rig.countOf('visits')]).toEqual([2, 2]);
    expect([before, [await chunksOf('observations'), await chunksOf('visits')]]).toEqual([
      [5, 4],
      [2, 2],
    ]);
    expect(await sums()).toEqual(atFirst);
    expect((await rig.newestRun()).classes.filter(({ error }: { error: unknown }) => error !== null)).toEqual([]);

    // The hour of two goes on as it was when the second is over too.
    rig.clock.advance(30 * DAY_MS);
    await rig.run();
    expect([await rig.countOf('visits'), await chunksOf('visits')]).toEqual([1, 1]);
    expect(await sums()).toEqual(atFirst);
  });

  test('lets versions that come after their event has gone count no more, and those of a visit in its hour', async () => {
    const atMs = NOON_MS - 30 * HOUR_MS;
    const version = (number: number, endedMs: number | null, occurred_at = atMs) =>
      told('long', number, endedMs, { occurred_at });
    const counts = () => rig.query('select count::integer from event_counts');
    const hours = () => rig.query('select visits::integer, closed::integer, dwell_ms::integer from visits_hourly');
    const config = { RETENTION_EVENTS_D: 1 };
    await rig.tell(version(1, null));
    await compress('events');
    await rig.run({ config });
    await rig.tell(version(2, 30 * HOUR_MS));
    expect([await counts(), await hours()]).toEqual([
      [{ count: 1 }],
      [{ visits: 1, closed: 1, dwell_ms: 30 * HOUR_MS }],
    ]);
    for (const number of [3, 4]) {
      rig.clock.advance(10 * DAY_MS);
      await compress('events');
      await rig.run({ config });
      expect([await rig.countOf('events'), await chunksOf('events')]).toEqual([0, 0]);
      await rig.tell(version(number, number * HOUR_MS));
      expect([await rig.countOf('events'), await counts(), await hours(), await rig.unmatched()]).toEqual([
        1,
        [{ count: 1 }],
        [{ visits: 1, closed: 1, dwell_ms: number * HOUR_MS }],
        [],
      ]);
    }
  });

  test('takes pictures and snapshots from rows that are compressed', async () => {
    const seq = await rig.addFrame({ atMs: NOON_MS - 5 * HOUR_MS });
    for (const days of [20, 1]) await rig.addMotion({ atMs: NOON_MS - days * DAY_MS, drawn: true });
    await compress('captures');
    await compress('events');
    await rig.run({ config: { RETENTION_FRAMES_H: 3, RETENTION_SNAPSHOTS_D: 10 } });
    const { seqs, pictures } = await rig.capturesOf();
    expect([seqs.includes(seq), pictures.includes(seq)]).toEqual([true, false]);
    expect(await rig.keys('snapshots/')).toHaveLength(1);
    expect(await rig.unmatched()).toEqual([]);
  });

  test('makes pictures smaller whose rows are compressed', async () => {
    const picture = await jpegUnderTest({ width: 640, height: 480 });
    const seqs: number[] = [];
    for (const hours of [9, 6, 5, 1]) seqs.push(await rig.addFrame({ atMs: NOON_MS - hours * HOUR_MS, picture }));
    await compress('captures');
    await rig.run({ config: { FRAMES_DOWNSCALE_H: 3 } });
    const rows = await rig.query<{ downscaled: string | null; size_bytes: number }>(
      'select downscaled, size_bytes from captures where seq = any($1::bigint[]) order by seq',
      [seqs],
    );
    expect(rows.map(({ downscaled }) => downscaled)).toEqual(['smaller', 'smaller', 'smaller', null]);
    expect(rows.map(({ size_bytes }) => size_bytes < picture.length / 2)).toEqual([true, true, true, false]);
    const { downscaled } = await rig.newestRun();
    expect([downscaled.smaller, downscaled.error]).toEqual([3, null]);
    // The whole ones go with the next run.
    rig.clock.advance(20 * 60_000);
    await compress('captures');
    await rig.run({ config: { FRAMES_DOWNSCALE_H: 3 } });
    expect([(await rig.newestRun()).downscaled.smaller, await rig.unmatched()]).toEqual([0, []]);
  });
});
