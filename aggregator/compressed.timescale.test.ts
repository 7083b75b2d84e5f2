import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../ports/servers-under-test.ts';
import { startTimescaleDatabase } from '../ports/store/database-under-test.ts';
import { event, observation } from '../schemas/records-under-test.ts';
import { type AggregatorRig, startAggregatorRig } from './rig-under-test.ts';
import { told } from './visit-under-test.ts';

describeWith('timescale', 'what comes late, for chunks that are compressed', ({ url }) => {
  const TABLES = ['events', 'observations', 'visits'];
  let rig: AggregatorRig;
  let owner: pg.Client;
  beforeAll(async () => {
    rig = await startAggregatorRig(() => startTimescaleDatabase(url));
    owner = new pg.Client({ connectionString: rig.services.connectionString });
    await owner.connect();
    // Chunks are compressed by this test alone, and not at the same time by a job.
    await owner.query('select alter_job(job_id, scheduled => false) from timescaledb_information.jobs');
    // As an operator may have it; of itself it is not compressed.
    await owner.query(
      `alter table observations set (
         timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'captured_at desc'
       )`,
    );
  });
  afterAll(async () => {
    await owner?.end();
    await rig?.services.stop();
  });

  async function compress(): Promise<void> {
    for (const table of TABLES) {
      const chunks = `select compress_chunk(chunk, if_not_compressed => true) from show_chunks('${table}') as chunk`;
      expect((await owner.query(chunks)).rowCount).toBeGreaterThan(0);
    }
  }

  const isCompressed = async () => {
    const { rows } = await owner.query(
      `select hypertable_name as name, bool_and(is_compressed) as compressed
       from timescaledb_information.chunks where hypertable_name = any($1) group by 1 order by 1`,
      [TABLES],
    );
    return rows;
  };

  test('versions are replaced, an event counts once, and a run goes on', async () => {
    const still = (seq: number) => observation(seq, { outcome: 'skipped', reason: 'still' });
    const all = ['a', 'b', 'c'].map((name) => told(name, 1, null));
    await rig.append('events', 'event', ...all);
    await rig.append('observations', 'observation', still(1), still(2));
    await rig.drain();
    await compress();
    expect(await isCompressed()).toEqual(TABLES.map((name) => ({ name, compressed: true })));
    await rig.append('events', 'event', told('a', 2, 9_000), told('b', 1, null), told('d', 1, null));
    await rig.append('observations', 'observation', still(3), observation(4));
    await rig.drain();
    await compress();
    await rig.append('events', 'event', told('a', 2, 9_000), told('c', 3, 9_000), told('d', 1, null));
    await rig.drain();

    const { rows: visits } = await owner.query('select version, ended_at is null as lasts from visits order by id');
    const versionOf = (name: string) => (['a', 'c'].includes(name) ? (name === 'a' ? 2 : 3) : 1);
    const wanted = ['a', 'b', 'c', 'd']
      .sort((one, other) => (event(one).event_id < event(other).event_id ? -1 : 1))
      .map((name) => ({ version: versionOf(name), lasts: versionOf(name) === 1 }));
    expect(visits).toEqual(wanted);
    const { rows: counts } = await owner.query('select type, count::integer from event_counts');
    expect(counts).toEqual([{ type: 'visit', count: 4 }]);
    const { rows: runs } = await owner.query('select seq::integer, frames from observations order by number');
    expect(runs).toEqual([
      { seq: 1, frames: 3 },
      { seq: 4, frames: 1 },
    ]);
  });
});
