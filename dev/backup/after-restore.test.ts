import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrations } from '../../aggregator/aggregator.ts';
import { startDatabase } from '../../ports/store/database-under-test.ts';
import { migrate } from '../../ports/store/migrate.ts';

/** What docs/backup.md has an operator run in production, where Kafka knows more than the database that was restored. */
const script = readFileSync(new URL('../../ops/timescaledb/after-restore.sql', import.meta.url), 'utf8');

let database: Awaited<ReturnType<typeof startDatabase>>;
let client: pg.Client;
beforeAll(async () => {
  database = await startDatabase();
  await migrate({ connectionString: database.connectionString, folder: migrations, table: 'migrations' });
  client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.stop();
});

const rows = async (text: string) => (await client.query({ text, rowMode: 'array' })).rows;

test('no number is given out a second time, and the ledger knows what was read again', async () => {
  await client.query(`
    insert into devices (id, created_at, epoch, next_upload_seq) values
      ('unnumbered', now(), 1, 3), ('paired-anew', now(), 1, 1), ('quiet', now(), 2, 7),
      ('empty-room', now(), 1, 1), ('set-since', now(), 1, 1), ('visited', now(), 1, 1)`);
  // Confirmed, and its claim has had its time: frame 1. Confirmed, with its claim: 2.
  await client.query(`
    insert into seq_blocks values ('unnumbered', 0, 0, set_bit(set_bit(repeat('0', 4096)::bit(4096), 1, 1), 2, 1))`);
  await client.query(`
    insert into frame_claims (device_id, epoch, seq, digest, captured_at, time_quality, lane, received_at, lease_until, confirmed)
    values ('unnumbered', 0, 2, '\\x00', now(), 'device', 'live', now(), now(), true)`);
  const [from, to, device] = [1, 5, 'unnumbered'];
  const capture = `insert into captures (frame_id, captured_at, device_id, epoch, seq, time_quality, lane, received_at, sha256, state)
    select gen_random_uuid(), now(), $1, $2, n, 'device', 'live', now(), '\\x01', 'done' from generate_series($3::int, $4::int) n`;
  await client.query(capture, [device, 0, from, to]);
  await client.query(capture, ['paired-anew', 2, 1, 3]);
  await client.query(capture, ['paired-since', 1, 1, 2]);
  // Made smaller since it was read again: it is still known by what was sent.
  await client.query(`
    update captures set sent_sha256 = '\\x02' where device_id = 'paired-since' and seq = 2`);
  // Told of, and not stored here: its record is still to be read.
  await client.query(`
    insert into captures (frame_id, captured_at, device_id, epoch, seq, lane, state)
    values (gen_random_uuid(), now(), 'quiet', 2, 1, 'live', 'done')`);
  await client.query(`insert into config_versions (device_id, version, settings, created_at) values
    ('unnumbered', 1, '{"n": 1}', now()), ('quiet', 4, '{"n": 4}', now()), ('empty-room', 2, '{"n": 2}', now())`);
  await client.query(`
    insert into events (id, occurred_at, type, device_id, version, lane, config_version, data, created_at) values
      (gen_random_uuid(), now(), 'motion', 'unnumbered', 1, 'live', 3, '{}', now()),
      (gen_random_uuid(), now(), 'motion', 'quiet', 1, 'live', 4, '{}', now()),
      (gen_random_uuid(), now(), 'motion', 'empty-room', 1, 'live', 2, '{}', now()),
      (gen_random_uuid(), now(), 'motion', 'set-since', 1, 'live', 2, '{}', now()),
      (gen_random_uuid(), now(), 'motion', 'unknown', 1, 'live', 2, '{}', now())`);
  // Nothing has happened in its frames since it got version 3.
  await client.query(`
    insert into observations (
      frame_id, captured_at, device_id, epoch, seq, lane, outcome, frames, last_seq, last_captured_at, config_version
    )
    select gen_random_uuid(), now(), 'empty-room', 1, version, 'live', 'analysed', 1, version, now(), version
    from generate_series(2, 3) as version`);
  await client.query(`
    insert into visits (id, opened_at, device_id, person_id, lane, source, state, dwell_ms, config_version, version, created_at)
    values (gen_random_uuid(), now(), 'visited', 'P1', 'live', 'server', 'ended', 0, 1, 1, now())`);

  // A second time it changes nothing more.
  await client.query(script);
  for (const again of [false, true]) {
    if (again) await client.query(script);
    expect(await rows('select id, epoch, next_upload_seq from devices order by id')).toEqual([
      ['empty-room', 1, '1'],
      ['paired-anew', 2, '1'],
      ['paired-since', 1, '1'],
      ['quiet', 2, '7'],
      ['set-since', 1, '1'],
      ['unnumbered', 1, '6'],
      ['visited', 1, '1'],
    ]);
    const claims = `select device_id, epoch, count(*)::int, bool_and(confirmed) from frame_claims group by 1, 2 order by 1`;
    expect(await rows(claims)).toEqual([
      ['paired-anew', 2, 3, true],
      ['paired-since', 1, 2, true],
      ['unnumbered', 0, 4, true],
    ]);
    const sent = "select seq, encode(digest, 'hex') from frame_claims where device_id = 'paired-since' order by 1";
    expect(await rows(sent)).toEqual([
      ['1', '01'],
      ['2', '02'],
    ]);
    expect(await rows('select device_id, epoch, bit_count(bits)::int from seq_blocks order by 1')).toEqual([
      ['paired-anew', 2, 3],
      ['paired-since', 1, 2],
      ['unnumbered', 0, 5],
    ]);
    expect(await rows('select device_id, sum(received)::int from ledger_hours group by 1 order by 1')).toEqual([
      ['paired-anew', 3],
      ['paired-since', 2],
      ['unnumbered', 3],
    ]);
    const configs = `select device_id, version, settings, published_at from config_versions order by 1, 2`;
    expect(await rows(configs)).toEqual([
      ['empty-room', 2, { n: 2 }, null],
      ['empty-room', 3, { n: 2 }, null],
      ['empty-room', 4, { n: 2 }, null],
      ['quiet', 4, { n: 4 }, null],
      ['set-since', 1, {}, null],
      ['set-since', 2, {}, null],
      ['set-since', 3, {}, null],
      ['unnumbered', 1, { n: 1 }, null],
      ['unnumbered', 2, { n: 1 }, null],
      ['unnumbered', 3, { n: 1 }, null],
      ['unnumbered', 4, { n: 1 }, null],
      ['visited', 1, {}, null],
      ['visited', 2, {}, null],
    ]);
  }
});
