import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import { statement } from '../ports/store/statement.ts';
import { type Claims, createClaims, LEASE_MS, type Upload } from './claims.ts';

const sql = { ledger: statement(import.meta.url, './sql/test-ledger.sql') };
const NOW_MS = Date.UTC(2026, 4, 1, 12);

let services: ServicesUnderTest;
let claims: Claims;

beforeAll(async () => {
  services = await startServices({ migrations: new URL('../aggregator/migrations/', import.meta.url) });
  claims = createClaims({ store: services.openStore('ingest'), devicesMax: 1_000 });
});
afterAll(() => services.stop());

function upload(deviceId: string, statedMs = NOW_MS): Upload {
  const digest = createHash('sha256').update(`${deviceId} ${statedMs}`).digest();
  return { deviceId, statedMs, digest, capturedAtMs: statedMs, timeQuality: 'device' };
}

async function seqOf(claimed: ReturnType<Claims['claim']>): Promise<number> {
  const claim = await claimed;
  if (claim === 'refused' || claim.outcome !== 'claimed') throw new Error('not claimed');
  return claim.seq;
}

/** The confirmed seqs of a device by block, as the ledger's bits and as a count of them. */
async function ledgerOf(deviceId: string) {
  return services.store.run<{ block: number; confirmed: number; first_bits: string }>(sql.ledger, [deviceId]);
}

test('the ledger has a bit for each confirmed seq and no other, across the blocks', async () => {
  const uploads = Array.from({ length: 9_000 }, (_, at) => upload('ledger', NOW_MS + at));
  const seqs = await Promise.all(uploads.map((one) => seqOf(claims.claim(one, NOW_MS))));
  expect([...seqs].sort((a, b) => a - b)).toEqual(uploads.map((_, at) => at + 1));

  // Every seventh frame was never heard of again.
  const isLost = (seq: number) => seq % 7 === 0;
  await Promise.all(uploads.filter((_, at) => !isLost(seqs[at] ?? 0)).map((one) => claims.confirm(one)));
  const countWithin = (from: number, to: number) =>
    seqs.filter((seq) => seq >= from && seq < to && !isLost(seq)).length;
  const blocks = await ledgerOf('ledger');
  expect(blocks.map(({ block, confirmed }) => [block, confirmed])).toEqual([
    [0, countWithin(0, 4_096)],
    [1, countWithin(4_096, 8_192)],
    [2, countWithin(8_192, 12_288)],
  ]);
  // Seqs 0 to 15 (there is no 0), and 4096 to 4111 (4102 and 4109 are lost).
  expect(blocks[0]?.first_bits).toBe('0111111011111101');
  expect(blocks[1]?.first_bits).toBe('1111110111111011');
});

test('confirming twice, or what was never claimed, changes nothing', async () => {
  await claims.claim(upload('twice'), NOW_MS);
  await claims.confirm(upload('twice'));
  const before = await ledgerOf('twice');
  await Promise.all([
    claims.confirm(upload('twice')),
    claims.confirm(upload('twice', 1)),
    claims.confirm(upload('no')),
  ]);
  expect(await ledgerOf('twice')).toEqual(before);
  expect(before.map(({ confirmed }) => confirmed)).toEqual([1]);
});

test('many devices in two processes at once: every device counts its own seqs without a gap', async () => {
  const rival = createClaims({ store: services.openStore('ingest'), devicesMax: 1_000 });
  const devices = Array.from({ length: 12 }, (_, at) => (at % 2 ? `Mixed-${at}` : `mixed-${at}`));
  const uploads = Array.from({ length: 25 }, (_, frame) => devices.map((device) => upload(device, NOW_MS + frame)));
  await Promise.all(
    uploads.flat().map(async (one, at) => {
      const mine = at % 3 ? claims : rival;
      await mine.claim(one, NOW_MS);
      await mine.confirm(one);
    }),
  );
  for (const device of devices) {
    expect(await ledgerOf(device)).toMatchObject([{ block: 0, confirmed: 25 }]);
  }
});

test('a claim is busy until its lease is over, and then goes over with all it says', async () => {
  const first = await claims.claim(upload('lease'), NOW_MS);
  expect(first).toMatchObject({ outcome: 'claimed', receivedAtMs: NOW_MS });
  expect(await claims.claim(upload('lease'), NOW_MS + LEASE_MS - 1)).toMatchObject({ outcome: 'busy' });
  const other = { ...upload('lease'), capturedAtMs: 5, timeQuality: 'arrival' } as const;
  expect(await claims.claim(other, NOW_MS + LEASE_MS)).toEqual(first);
  expect(await claims.claim(upload('lease'), NOW_MS + LEASE_MS + 1)).toMatchObject({ outcome: 'busy' });
});

test('beyond DEVICES_MAX a new device is refused and a known one is not', async () => {
  const known = (await services.rows('devices')).length;
  const full = createClaims({ store: services.openStore('ingest'), devicesMax: known + 1 });
  expect(await full.claim(upload('last-one'), NOW_MS)).toMatchObject({ outcome: 'claimed' });
  expect(await full.claim(upload('one-too-many'), NOW_MS)).toBe('refused');
  expect(await full.claim(upload('last-one', NOW_MS + 1), NOW_MS)).toMatchObject({ outcome: 'claimed', seq: 2 });
  expect(await services.rows('devices')).toHaveLength(known + 1);
});
