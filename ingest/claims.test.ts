import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DevicesUnderTest, openDevices } from '../http/access/devices/devices-under-test.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import { statement } from '../ports/store/statement.ts';
import { type Claims, createClaims, LEASE_MS, type TimedFrame, UPLOAD_EPOCH } from './claims.ts';

const sql = {
  deleteDevice: statement(import.meta.url, './sql/test-delete-device.sql'),
  ledger: statement(import.meta.url, './sql/test-ledger.sql'),
};
const NOW_MS = Date.UTC(2026, 4, 1, 12);

let services: ServicesUnderTest;
let claims: Claims;
let devices: DevicesUnderTest;

beforeAll(async () => {
  services = await startServices({ migrations: new URL('../aggregator/migrations/', import.meta.url) });
  claims = createClaims({ store: services.openStore('ingest') });
  devices = await openDevices({ store: services.store, nowMs: () => NOW_MS });
  for (const device of ['ledger', 'twice', 'lease']) await devices.enrol(device);
});
afterAll(() => services.stop());

function upload(deviceId: string, statedMs = NOW_MS): TimedFrame {
  const digest = createHash('sha256').update(`${deviceId} ${statedMs}`).digest();
  return {
    deviceId,
    epoch: UPLOAD_EPOCH,
    seq: null,
    statedMs,
    digest,
    capturedAtMs: statedMs,
    timeQuality: 'device',
  };
}

const named = (deviceId: string, seq: number) => ({ deviceId, epoch: UPLOAD_EPOCH, seq });

async function claimSeq(frame: TimedFrame, nowMs = NOW_MS): Promise<number> {
  const claim = await claims.claim(frame, nowMs);
  if (claim.outcome !== 'claimed') throw new Error('not claimed');
  return claim.seq;
}

/** The confirmed seqs of a device by block, as the ledger's bits and as a count of them. */
async function ledgerOf(deviceId: string) {
  return services.store.run<{ block: number; confirmed: number; first_bits: string }>(sql.ledger, [deviceId]);
}

test('the ledger has a bit for each confirmed seq and no other, across the blocks', async () => {
  const uploads = Array.from({ length: 9_000 }, (_, at) => upload('ledger', NOW_MS + at));
  const seqs = await Promise.all(uploads.map((one) => claimSeq(one)));
  expect([...seqs].sort((a, b) => a - b)).toEqual(uploads.map((_, at) => at + 1));

  // Every seventh frame was never heard of again.
  const isLost = (seq: number) => seq % 7 === 0;
  await Promise.all(seqs.filter((seq) => !isLost(seq)).map((seq) => claims.confirm(named('ledger', seq))));
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
  await claims.confirm(named('twice', 1));
  const before = await ledgerOf('twice');
  await Promise.all([
    claims.confirm(named('twice', 1)),
    claims.confirm(named('twice', 2)),
    claims.confirm(named('no', 1)),
  ]);
  expect(await ledgerOf('twice')).toEqual(before);
  expect(before.map(({ confirmed }) => confirmed)).toEqual([1]);
});

test('many devices in two processes at once: every device counts its own seqs without a gap', async () => {
  const rival = createClaims({ store: services.openStore('ingest') });
  const names = Array.from({ length: 12 }, (_, at) => (at % 2 ? `Mixed-${at}` : `mixed-${at}`));
  const uploads = Array.from({ length: 25 }, (_, frame) => names.map((device) => upload(device, NOW_MS + frame)));
  for (const name of names) await devices.enrol(name);
  await Promise.all(
    uploads.flat().map(async (one, at) => {
      const mine = at % 3 ? claims : rival;
      const { seq } = await mine.claim(one, NOW_MS);
      await mine.confirm(named(one.deviceId, seq));
    }),
  );
  for (const device of names) {
    expect(await ledgerOf(device)).toMatchObject([{ block: 0, confirmed: 25 }]);
  }
});

describe('frames that come together', () => {
  const claimAll = (frames: readonly TimedFrame[]) => Promise.all(frames.map((frame) => claims.claim(frame, NOW_MS)));
  beforeAll(async () => {
    for (const device of ['mixed', 'new', 'late', 'afterwards']) await devices.enrol(device);
  });

  test('get the seqs and lanes that they would have got one by one', async () => {
    const sent = [0, -3_000, 5_000, 2_999, 3_000].map((ms) => upload('late', NOW_MS + ms));
    const numbered = { ...upload('late', NOW_MS), epoch: 1, seq: 70, capturedAtMs: NOW_MS - 10_000 };
    // Sorted by seq, those without one come first.
    expect((await claimAll([numbered, ...sent])).map(({ outcome, seq, lane }) => [outcome, seq, lane])).toEqual([
      ['claimed', 70, 'backlog'],
      ['claimed', 1, 'live'],
      ['claimed', 2, 'backlog'],
      ['claimed', 3, 'live'],
      ['claimed', 4, 'backlog'],
      ['claimed', 5, 'live'],
    ]);
    expect(await claims.claim(upload('late', NOW_MS + 2_998), NOW_MS)).toMatchObject({ seq: 6, lane: 'backlog' });
  });

  test('are answered each by itself where not all are new, and no seq is burnt', async () => {
    const known = upload('mixed');
    const { seq } = await claims.claim(known, NOW_MS);
    await claims.confirm(named('mixed', seq));
    const [fresh, next] = [upload('mixed', NOW_MS + 1), upload('mixed', NOW_MS + 2)];
    const answers = await claimAll([known, fresh, fresh, upload('nobody'), upload('new'), next]);
    expect(answers.map(({ outcome, seq }) => [outcome, seq])).toEqual([
      ['duplicate', 1],
      ['claimed', 2],
      ['busy', 2],
      ['refused', null],
      ['claimed', 1],
      ['claimed', 3],
    ]);
    expect(await claimSeq(upload('mixed', NOW_MS + 3))).toBe(4);
  });

  test('leave nothing of a device that has been deleted', async () => {
    const afterwards = { ...upload('afterwards'), epoch: 1, seq: 5 };
    await services.store.run(sql.deleteDevice, ['afterwards']);
    expect(await claimAll([afterwards, upload('new', NOW_MS + 1)])).toMatchObject([
      { outcome: 'refused' },
      { outcome: 'claimed', seq: 2 },
    ]);
    expect(await claims.isKnown({ deviceId: 'afterwards', epoch: 1, seq: 5 })).toBe(false);
  });
});

test('a claim is busy until its lease is over, and then goes over with all it says', async () => {
  const first = await claims.claim(upload('lease'), NOW_MS);
  expect(first).toMatchObject({ outcome: 'claimed', receivedAtMs: NOW_MS });
  expect(await claims.claim(upload('lease'), NOW_MS + LEASE_MS - 1)).toMatchObject({ outcome: 'busy' });
  const other = { ...upload('lease'), capturedAtMs: 5, timeQuality: 'arrival' } as const;
  expect(await claims.claim(other, NOW_MS + LEASE_MS)).toEqual(first);
  expect(await claims.claim(upload('lease'), NOW_MS + LEASE_MS + 1)).toMatchObject({ outcome: 'busy' });
});

describe('a frame with a seq of its own', () => {
  const frame = (deviceId: string, seq: number, picture = 'a', epoch = 1): TimedFrame => ({
    ...upload(deviceId),
    epoch,
    seq,
    digest: createHash('sha256').update(picture).digest(),
  });
  beforeAll(async () => void (await devices.enrol('numbered')));

  test('is a duplicate once it is confirmed, in its epoch and no other', async () => {
    expect(await claims.claim(frame('numbered', 7), NOW_MS)).toMatchObject({ outcome: 'claimed', seq: 7 });
    expect(await claims.isKnown({ deviceId: 'numbered', epoch: 1, seq: 7 })).toBe(true);
    await claims.confirm({ deviceId: 'numbered', epoch: 1, seq: 7 });
    expect(await claims.claim(frame('numbered', 7), NOW_MS)).toMatchObject({ outcome: 'duplicate', seq: 7 });
    expect(await claims.claim(frame('numbered', 7, 'a', 2), NOW_MS)).toMatchObject({ outcome: 'claimed', seq: 7 });
    expect(await claims.isKnown({ deviceId: 'numbered', epoch: 2, seq: 8 })).toBe(false);
  });

  test('leaves the seqs of uploads alone', async () => {
    await claims.claim(frame('numbered', 900), NOW_MS);
    expect(await claimSeq(upload('numbered'))).toBe(1);
  });

  test('is in conflict with another picture of its seq, confirmed or not', async () => {
    await claims.claim(frame('numbered', 20, 'first'), NOW_MS);
    expect(await claims.claim(frame('numbered', 20, 'second'), NOW_MS + 2 * LEASE_MS)).toMatchObject({
      outcome: 'conflict',
    });
    await claims.confirm({ deviceId: 'numbered', epoch: 1, seq: 20 });
    expect(await claims.claim(frame('numbered', 20, 'second'), NOW_MS)).toMatchObject({ outcome: 'conflict' });
  });

  test('of a device that is not there is refused', async () => {
    expect(await claims.claim(frame('nobody', 1), NOW_MS)).toMatchObject({ outcome: 'refused' });
  });
});
