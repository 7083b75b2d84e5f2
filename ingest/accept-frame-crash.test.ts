import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Outage } from '../ports/errors.ts';
import { statement } from '../ports/store/statement.ts';
import { frameId } from '../schemas/identity.ts';
import { LEASE_MS, UPLOAD_EPOCH } from './claims.ts';
import { type IngestRig, type Parts, picture, sent, startIngestRig } from './rig-under-test.ts';

const confirmFrames = statement(import.meta.url, '../aggregator/sql/confirm-frames.sql');

let rig: IngestRig;

beforeAll(async () => {
  rig = await startIngestRig();
});
afterAll(() => rig.services.stop());

/** Does what it wraps, and then dies before anybody hears of it; the second time it lives. */
function diesOnceAfter<Args extends unknown[], Result>(
  work: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  let dead = false;
  return async (...args) => {
    const result = await work(...args);
    if (dead) return result;
    dead = true;
    throw new Error('killed');
  };
}

const crashes: Readonly<Record<string, { change: (parts: Parts) => Partial<Parts>; copies: number; retried: string }>> =
  {
    claim: {
      change: ({ claims }) => ({ claims: { ...claims, claim: diesOnceAfter(claims.claim) } }),
      copies: 1,
      retried: 'queued',
    },
    put: {
      change: ({ blobs }) => ({ blobs: { ...blobs, put: diesOnceAfter(blobs.put) } }),
      copies: 1,
      retried: 'queued',
    },
    // The record was durable, its acknowledgement was not: the log has it twice, under one id.
    append: {
      change: ({ log }) => ({ log: { ...log, append: diesOnceAfter(log.append) } }),
      copies: 2,
      retried: 'queued',
    },
  };

describe.each(Object.entries(crashes))('a crash after %s', (step, { change, copies, retried }) => {
  test('the retry completes the same frame, and no seq is burnt', async () => {
    const device = `dies-after-${step}`;
    const accept = await rig.open(change);
    // A newer frame was there before, so this one is late, and stays so.
    const statedMs = rig.clock.nowMs() - 60_000;
    await (await rig.open())(sent(device, rig.clock.nowMs(), 'newer'));
    const frame = sent(device, statedMs);
    await expect(accept(frame)).rejects.toThrow('killed');
    const [, claimed] = await rig.claimsOf(device);
    rig.clock.advance(LEASE_MS + 1);

    expect(await accept(frame)).toEqual({ status: retried, frameId: frameId(device, UPLOAD_EPOCH, 2) });
    expect(await accept(frame)).toEqual({ status: 'duplicate', frameId: frameId(device, UPLOAD_EPOCH, 2) });
    const stored = (await rig.framesOf(device)).filter(({ seq }) => seq === 2);
    expect(stored).toHaveLength(copies);
    for (const copy of stored) {
      expect(copy).toEqual(stored[0]);
      expect(copy).toMatchObject({
        topic: 'backlog',
        captured_at: statedMs,
        received_at: claimed?.received_at.getTime(),
        blob_key: `images/${device}/${statedMs}.jpg`,
      });
    }
    expect(await rig.blobKeysOf(device)).toHaveLength(2);

    await accept(sent(device, rig.clock.nowMs(), 'next'));
    expect((await rig.claimsOf(device)).map(({ seq, confirmed }) => [seq, confirmed])).toEqual([
      [1, true],
      [2, true],
      [3, true],
    ]);
  });
});

test('an arrival time is that of the first try', async () => {
  const accept = await rig.open(crashes.put?.change);
  const arrivedMs = rig.clock.nowMs();
  await expect(accept(sent('first-arrival', 5_000))).rejects.toThrow('killed');
  rig.clock.advance(60_000);
  await accept(sent('first-arrival', 5_000));
  expect(await rig.framesOf('first-arrival')).toMatchObject([
    { captured_at: arrivedMs, received_at: arrivedMs, time_quality: 'arrival' },
  ]);
});

test('a retry before the lease is over waits for it, and then takes over', async () => {
  const accept = await rig.open(crashes.claim?.change);
  const frame = sent('impatient', rig.clock.nowMs());
  await expect(accept(frame)).rejects.toThrow('killed');
  const retried = accept(frame);
  let answered = false;
  void retried.finally(() => {
    answered = true;
  });
  await new Promise((settle) => setTimeout(settle, 600));
  expect(answered).toBe(false);
  rig.clock.advance(LEASE_MS + 1);
  expect(await retried).toMatchObject({ status: 'queued' });
});

const outages: Readonly<Record<string, (parts: Parts) => Partial<Parts>>> = {
  'claims at first': ({ claims }) => ({ claims: { ...claims, claim: () => Promise.reject(gone) } }),
  blobs: ({ blobs }) => ({ blobs: { ...blobs, put: () => Promise.reject(gone) } }),
  log: ({ log }) => ({ log: { ...log, append: () => Promise.reject(gone) } }),
};
const gone = new Outage('it is unplugged', 'ECONNREFUSED');

describe.each(Object.entries(outages))('without %s', (part, change) => {
  test('nothing is acknowledged, and once it is back the frame takes effect once', async () => {
    const device = `without-${part.replaceAll(' ', '-')}`;
    const frame = sent(device, rig.clock.nowMs(), part);
    const accept = await rig.open(change);
    await expect(accept(frame)).rejects.toBe(gone);
    expect((await rig.claimsOf(device)).filter(({ confirmed }) => confirmed)).toEqual([]);
    rig.clock.advance(LEASE_MS + 1);
    expect(await (await rig.open())(frame)).toEqual({
      status: 'queued',
      frameId: frameId(device, UPLOAD_EPOCH, 1),
    });
    expect(new Set((await rig.framesOf(device)).map(({ frame_id }) => frame_id)).size).toBe(1);
    expect(await rig.services.openBlobs().get(`images/${device}/${frame.time.statedMs}.jpg`)).toEqual(picture(part));
  });
});

describe('without the confirmation', () => {
  const unconfirmed = ({ claims }: Parts) => ({ claims: { ...claims, confirm: () => Promise.reject(gone) } });

  test('the frame is acknowledged, as it is in the log, and the aggregator confirms it', async () => {
    const accept = await rig.open(unconfirmed);
    expect(await accept(sent('unconfirmed', rig.clock.nowMs()))).toMatchObject({ status: 'queued' });
    expect(await rig.claimsOf('unconfirmed')).toMatchObject([{ seq: 1, confirmed: false }]);
    await rig.services.store.run(confirmFrames, [['unconfirmed'], [UPLOAD_EPOCH], [1]]);
    expect(await rig.claimsOf('unconfirmed')).toMatchObject([{ seq: 1, confirmed: true }]);
    expect(await accept(sent('unconfirmed', rig.clock.nowMs()))).toMatchObject({ status: 'duplicate' });
  });

  test('a retry before that is appended once more, under the same id', async () => {
    const accept = await rig.open(unconfirmed);
    const frame = sent('again-unconfirmed', rig.clock.nowMs());
    const { frameId: id } = await accept(frame);
    rig.clock.advance(LEASE_MS + 1);
    expect(await accept(frame)).toEqual({ status: 'queued', frameId: id });
    expect((await rig.framesOf('again-unconfirmed')).map(({ frame_id }) => frame_id)).toEqual([id, id]);
  });
});
