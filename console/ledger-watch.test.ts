import { createHash } from 'node:crypto';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDevices } from '../http/access/devices/devices-under-test.ts';
import { createClaims } from '../ingest/claims.ts';
import { createManualClock } from '../ports/clock/manual.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import { HOUR_MS } from './ledger.ts';
import { createLedgerWatch } from './ledger-watch.ts';

const NOW_MS = Date.UTC(2026, 4, 1, 12, 30);
const clock = createManualClock(NOW_MS);
const signal = new AbortController().signal;
let services: ServicesUnderTest;
let enrol: (deviceId: string) => Promise<string>;

beforeAll(async () => {
  services = await startServices({ migrations: new URL('../aggregator/migrations/', import.meta.url) });
  enrol = (await openDevices({ store: services.store, nowMs: clock.nowMs })).enrol;
});
afterAll(() => services.stop());

const query = (text: string) => services.store.run({ name: text.slice(-50), text });

async function confirm(deviceId: string, seq: number, atMs: number): Promise<void> {
  const claims = createClaims({ store: services.store });
  const digest = createHash('sha256').update(`${seq}`).digest();
  const name = { deviceId, epoch: 1, seq, statedMs: atMs, digest };
  await claims.claim({ ...name, capturedAtMs: atMs, timeQuality: 'ntp' }, NOW_MS);
  await claims.confirm({ ...name, seq });
}

test('tells of each device what its ledger of the last day lacks, for as long as something is expected of it', async () => {
  const metrics = new Registry();
  const watch = createLedgerWatch({ store: services.store, clock, metrics });
  const told = async () => (await metrics.metrics()).match(/^passerby_ledger_residual_frames.*$/gm);
  for (const device of ['gave-up', 'lacks', 'lacked-long-ago', 'whole']) await enrol(device);
  for (const seq of [1, 2, 3]) await confirm('whole', seq, NOW_MS - HOUR_MS);
  for (const seq of [1, 5, 7]) await confirm('lacks', seq, NOW_MS - 60_000);
  for (const seq of [1, 5]) await confirm('gave-up', seq, NOW_MS - HOUR_MS);
  await query(`insert into dropped_ranges (device_id, epoch, from_seq, to_seq) values ('gave-up', 1, 2, 4)`);
  for (const seq of [1, 5]) await confirm('lacked-long-ago', seq, NOW_MS - 30 * HOUR_MS);
  await watch.look(signal);
  expect(await told()).toEqual([
    'passerby_ledger_residual_frames{device="gave-up"} 0',
    'passerby_ledger_residual_frames{device="lacked-long-ago"} 0',
    'passerby_ledger_residual_frames{device="lacks"} 4',
    'passerby_ledger_residual_frames{device="whole"} 0',
  ]);

  for (const seq of [2, 3, 4]) await confirm('lacks', seq, NOW_MS - 60_000);
  await query(`update devices set revoked_at = now() where id <> 'lacks'`);
  await watch.look(signal);
  expect(await told()).toEqual(['passerby_ledger_residual_frames{device="lacks"} 1']);
});
