import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { classes, kept } from './classes.ts';
import { DAY_MS, HOUR_MS, NOON_MS, type RetentionRig, startRetentionRig } from './rig-under-test.ts';

let rig: RetentionRig;
beforeAll(async () => {
  rig = await startRetentionRig();
});
afterAll(() => rig.services.stop());

const EXPIRING = classes.flatMap(({ tables }) => tables);
beforeEach(() => rig.empty());

describe('every table and every class of blobs', () => {
  test('is in a class, or is kept for a reason', async () => {
    const rows = await rig.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    );
    // Where the log is in the same database, it has migrations of its own; it lets go of its records by itself.
    const tables = rows.map(({ name }) => name).filter((name) => name !== 'log_migrations');
    expect([...EXPIRING, ...Object.keys(kept)].sort()).toEqual(tables.sort());
  });

  /** Of everything one, made at noon. */
  async function addAll(): Promise<void> {
    const noon = new Date(NOON_MS);
    const seq = await rig.addFrame();
    await rig.addFrame();
    await rig.addMotion({ drawn: true, endedMs: NOON_MS + 1_000 });
    await rig.addObservation({ lastMs: NOON_MS + 1_000 });
    await rig.addVisit({ lastMs: NOON_MS + 1_000 });
    await rig.query(`insert into event_counts (device_id, type, hour, count) values ('cam', 'visit', $1, 1)`, [noon]);
    await rig.query(`insert into visits_hourly_kept values ('other', $1, 1, 1, 1000, 1000, 1000)`, [noon]);
    await rig.query(`insert into zones_hourly_kept values ('cam', 'till', $1, 1, 1, 1000, 1000)`, [noon]);
    await rig.query(`insert into crowds_hourly_kept values ('cam', '', $1, 1, 1, 1000, 5)`, [noon]);
    const kept = 'snapshots/cam/2026-05-01/deleted.png';
    await rig.blobs.put(kept, Buffer.alloc(1_000));
    await rig.query(
      `insert into deleted_events (id, device_id, during, snapshot_path, deleted_at)
       values (gen_random_uuid(), 'cam', tstzrange($1, $1, '[]'), $2, $1)`,
      [noon, kept],
    );
    const visit = await rig.addMotion({ type: 'visit', endedMs: NOON_MS + 1_000 });
    await rig.query(
      // Over midnight, so that its days have rows too.
      `insert into occupancy_changes (event_id, delta, at, device_id, zone_id)
       values ($1, 1, $2, 'cam', ''), ($1, -1, $2::timestamptz + interval '1 day', 'cam', '')`,
      [visit, noon],
    );
    await rig.addLetter(seq);
    await rig.query(
      `insert into dead_letter_actions (id, kind, created_at, username, options, finished_at)
       values (gen_random_uuid(), 'discard', $1, 'ann', '{}', $1)`,
      [noon],
    );
    await rig.query(`insert into ingest_outcomes (minute, code, status, count) values ($1, 'queued', 202, 1)`, [noon]);
    await rig.query('insert into outcome_writers (writer, batch, written_at) values (gen_random_uuid(), 1, $1)', [
      noon,
    ]);
    await rig.query(
      `insert into audit_log (at, username, action, subject, details) values ($1, 'ann', 'a', 's', '{}')`,
      [noon],
    );
    await rig.query(`insert into checks (started_at, finished_at, looked_at, findings) values ($1, $1, '{}', '[]')`, [
      noon,
    ]);
    const [user] = await rig.query<{ id: string }>(
      `insert into users (username, password_hash, role) values ('u' || gen_random_uuid(), 'x', 'operator') returning id`,
    );
    await rig.query(
      `insert into sessions (id, user_id, refresh_digest, created_at, expires_at)
       values (gen_random_uuid(), $1, '\\x00', $2, $2::timestamptz + interval '30 days')`,
      [user?.id, noon],
    );
    await rig.query(
      `insert into pairings (device_id, selector, secret_digest, created_at, expires_at) values ('cam', 's', '\\x00', $1, $1)`,
      [noon],
    );
    await rig.query(`insert into seen_signatures (device_id, signature, forget_at) values ('cam', '\\x00', $1)`, [
      noon,
    ]);
  }

  test('goes when its time is over, and no sooner; nothing is left that nothing refers to, and nothing refers to what is gone', async () => {
    await addAll();
    const left = async () => {
      const counted = await Promise.all(EXPIRING.map(async (table) => [table, await rig.countOf(table)] as const));
      const tables = counted.filter(([, rows]) => rows > 0).map(([table]) => table);
      return [...tables.filter((table) => table !== 'retention_runs'), ...(await rig.keys())].length;
    };
    const before = new Set(EXPIRING);
    expect([before.size, await left()]).toEqual([EXPIRING.length, EXPIRING.length - 1 + 4]);

    /** After so long these have gone, and nothing else. */
    const walk: readonly (readonly [afterMs: number, gone: readonly string[]])[] = [
      [60_000, ['pairings', 'seen_signatures']],
      [48 * HOUR_MS, []],
      [48 * HOUR_MS + 60_000, ['observations', '1 picture']],
      [7 * DAY_MS, []],
      [7 * DAY_MS + 60_000, ['ingest_outcomes', 'outcome_writers']],
      [30 * DAY_MS + 1, ['sessions', 'frame_claims', 'checks']],
      [90 * DAY_MS, []],
      // The dead letter held its frame; with its event the snapshot goes.
      [
        90 * DAY_MS + 60_000,
        [
          'dead_letters',
          'dead_letter_actions',
          'captures',
          'events',
          'event_days',
          'event_months',
          'occupancy_changes',
          'occupancy_days',
          'visits',
          '1 picture',
          '1 snapshot',
          '1 snapshot of a deleted event',
        ],
      ],
      [120 * DAY_MS, []],
      [120 * DAY_MS + 60_000, ['deleted_events']],
      [730 * DAY_MS, []],
      [730 * DAY_MS + 1, ['audit_log']],
      [1_825 * DAY_MS, []],
      [1_825 * DAY_MS + 1, ['event_counts', 'visits_hourly_kept', 'zones_hourly_kept', 'crowds_hourly_kept']],
    ];
    for (const [afterMs, gone] of walk) {
      const had = await left();
      rig.clock.advance(NOON_MS + afterMs - rig.clock.nowMs());
      await rig.run();
      expect([afterMs, had - (await left())]).toEqual([afterMs, gone.length]);
      for (const table of gone.filter((name) => !name.includes(' ')))
        expect([table, await rig.countOf(table)]).toEqual([table, 0]);
      expect(await rig.unmatched(), `after ${afterMs} ms`).toEqual([]);
      expect((await rig.newestRun()).classes.filter(({ error }: { error: unknown }) => error !== null)).toEqual([]);
    }
    expect(await left()).toBe(0);
    expect(await rig.countOf('expired_blobs')).toBe(0);
    // Receipts are kept for thirty days, this one among them.
    expect(await rig.countOf('retention_runs')).toBe(2);
    expect(await rig.countOf('checks')).toBe(0);
  });
});
