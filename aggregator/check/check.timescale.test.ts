import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Log } from '../../ports/log/log.ts';
import { describeWith } from '../../ports/servers-under-test.ts';
import { startTimescaleDatabase } from '../../ports/store/database-under-test.ts';
import { fixedCodec } from '../../schemas/codec.ts';
import { HOUR_MS, NOON_MS, type RetentionRig, startRetentionRig } from '../retention/rig-under-test.ts';
import { type CheckOptions, check } from './check.ts';

describeWith('timescale', 'the check of hypertables', ({ url }) => {
  let rig: RetentionRig;
  let log: Log;
  beforeAll(async () => {
    rig = await startRetentionRig(() => startTimescaleDatabase(url));
    // Jobs run when they are told to.
    await rig.query('select alter_job(job_id, scheduled => false) from timescaledb_information.jobs');
    log = await rig.services.openLog(rig.clock);
  });
  afterAll(() => rig?.services.stop());

  async function found(repair: CheckOptions['repair']) {
    const { store } = rig.services;
    const dependencies = { store, blobs: rig.blobs, log, codec: fixedCodec, clock: rig.clock };
    const { signal } = new AbortController();
    const { findings } = await check(dependencies, { repair, stagingMs: 0, keptMs: null, signal });
    return Object.fromEntries(findings.map(({ kind, count, repaired }) => [kind, [count, repaired]]));
  }

  test('finds what does not agree in chunks that are compressed, and mends it', async () => {
    const atMs = NOON_MS - 30 * HOUR_MS;
    const there = await rig.addFrame({ atMs });
    const lost = await rig.addFrame({ atMs });
    const waiting = await rig.addFrame({ atMs, state: 'queued' });
    await rig.query("update captures set sha256 = decode(repeat('ab', 32), 'hex'), time_quality = 'ntp'");
    await rig.addMotion({ atMs, drawn: true });
    await rig.addMotion({ atMs: atMs + 1, drawn: true });
    await rig.blobs.delete(`devices/cam/2026/05/01/frame-1-${lost}.jpg`);
    await rig.blobs.delete(`snapshots/cam/2026-05-01/motion_${atMs}.png`);
    for (const table of ['captures', 'events']) {
      await rig.query(`select compress_chunk(chunk) from show_chunks('${table}') as chunk`);
    }

    const wrong = { 'picture-missing': 1, 'snapshot-missing': 1, 'never-analysed': 1 };
    const times = (repaired: number) =>
      Object.fromEntries(Object.entries(wrong).map(([kind, count]) => [kind, [count, repaired]]));
    expect(await found('nothing')).toEqual(times(0));
    expect(await found('all')).toEqual(times(1));
    expect((await rig.capturesOf()).pictures).toEqual([there, waiting]);
    expect(await rig.unmatched()).toEqual([]);
  });
});
