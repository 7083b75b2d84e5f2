import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createManualClock } from '../../../ports/clock/manual.ts';
import { type ServicesUnderTest, startServices } from '../../../ports/store/services-under-test.ts';
import { openPeople, type People } from '../people-under-test.ts';
import { type DevicesUnderTest, openDevices } from './devices-under-test.ts';

const MINUTE = 60_000;
const WRONG = { status: 403, code: 'wrong-pairing-code' };

const clock = createManualClock(Date.UTC(2026, 4, 1, 12));
let services: ServicesUnderTest;
let people: People;
let devices: DevicesUnderTest;

beforeAll(async () => {
  services = await startServices({ migrations: new URL('../../../aggregator/migrations/', import.meta.url) });
  people = await openPeople({ store: services.store, nowMs: clock.nowMs });
});
afterAll(() => services.stop());
beforeEach(async () => {
  // Whoever failed in another test is forgotten.
  clock.advance(15 * MINUTE);
  devices = await openDevices({ store: services.store, nowMs: clock.nowMs });
});

let made = 0;
const newId = () => `camera-${made++}`;
const of = (name: 'ann' | 'bob' | 'admin') => {
  const { id, fleetId } = people.userOf(name);
  return { ownerId: id, fleetId };
};
const pair = (deviceId = newId(), name: 'ann' | 'bob' | 'admin' = 'ann') =>
  devices.pairings.pair({ deviceId, ...of(name) });
const activate = async (code: string, address = '192.0.2.1') => {
  const { token, ...activation } = await devices.pairings.activate(code, address);
  return { ...activation, token: token.token };
};
const guessFor = (code: string) => `${code.slice(0, 6)}${code.endsWith('22222') ? '33333' : '22222'}`;

async function outcomes(tries: readonly Promise<unknown>[]): Promise<Readonly<Record<string, number>>> {
  const counted: Record<string, number> = {};
  for (const result of await Promise.allSettled(tries)) {
    const name = result.status === 'fulfilled' ? 'let in' : String(result.reason.code);
    counted[name] = (counted[name] ?? 0) + 1;
  }
  return counted;
}

describe('a pairing code', () => {
  test('is traded in for a token, once', async () => {
    const { deviceId, code } = await pair();
    const { token, ...activation } = await activate(code);
    expect(activation).toEqual({ deviceId, epoch: 1 });
    expect(await devices.tokens.find(token)).toMatchObject({
      id: deviceId,
      ownerId: people.userOf('ann').id,
      epoch: 1,
      revoked: false,
    });
    await expect(activate(code)).rejects.toMatchObject(WRONG);
  });

  test('is traded in once by many who come at once', async () => {
    const { deviceId, code } = await pair();
    const tries = Array.from({ length: 5 }, (_, n) => activate(code, `192.0.2.${n}`));
    expect(await outcomes(tries)).toEqual({ 'let in': 1, 'wrong-pairing-code': 4 });
    const rows = await services.rows<{ id: string; epoch: number }>('devices');
    expect(rows.find(({ id }) => id === deviceId)?.epoch).toBe(1);
  });

  test('is taken as people type it', async () => {
    for (const typed of [
      (code: string) => code.toLowerCase(),
      (code: string) => code.replace('-', ''),
      (code: string) => ` ${[...code].join(' ')}\n`,
    ]) {
      const { deviceId, code } = await pair();
      expect((await activate(typed(code))).deviceId).toBe(deviceId);
    }
  });

  test.each(['', '-', 'x', 'A\0BCD-EFGHJ', '22222-2222', '22222-222222', '22222-2222O', 'ééééé-ééééé'])(
    'is nothing like %j, which asks no store',
    async (typed) => {
      const { pairings } = await openDevices({
        store: { ...services.store, run: () => Promise.reject(new Error('asked')) },
        nowMs: clock.nowMs,
      });
      await expect(pairings.activate(typed, '192.0.2.1')).rejects.toMatchObject(WRONG);
    },
  );

  test('is good for ten minutes', async () => {
    const [early, late] = [await pair(), await pair()];
    expect(early.expiresAtMs).toBe(clock.nowMs() + 10 * MINUTE);
    clock.advance(10 * MINUTE - 1);
    await activate(early.code);
    clock.advance(1);
    await expect(activate(late.code)).rejects.toMatchObject(WRONG);
  });

  test('has five tries, from wherever they come', async () => {
    const [four, five] = [await pair(), await pair()];
    for (let n = 0; n < 5; n++) {
      if (n < 4) await expect(activate(guessFor(four.code), `192.0.2.${n}`)).rejects.toMatchObject(WRONG);
      await expect(activate(guessFor(five.code), `192.0.2.${n}`)).rejects.toMatchObject(WRONG);
    }
    expect((await activate(four.code)).deviceId).toBe(four.deviceId);
    await expect(activate(five.code, '198.51.100.1')).rejects.toMatchObject(WRONG);
  });

  test('has five tries also for those who make them at once', async () => {
    const { deviceId, code } = await pair();
    await Promise.allSettled(Array.from({ length: 20 }, (_, n) => activate(guessFor(code), `192.0.2.${n}`)));
    const rows = await services.rows<{ device_id: string; tries: number }>('pairings');
    expect(rows.find(({ device_id }) => device_id === deviceId)?.tries).toBe(5);
    await expect(activate(code)).rejects.toMatchObject(WRONG);
  });

  test('is replaced by the next one of its device', async () => {
    const first = await pair();
    const second = await pair(first.deviceId);
    await expect(activate(first.code)).rejects.toMatchObject(WRONG);
    expect((await activate(second.code)).deviceId).toBe(first.deviceId);
  });

  test('is not to be found in the database', async () => {
    const { code } = await pair();
    expect(JSON.stringify(await services.rows('pairings'))).not.toContain(code.slice(6));
  });
});

describe('an address', () => {
  test('that guesses waits, longer each time; others do not', async () => {
    for (let n = 0; n < 10; n++) await expect(activate('22222-22222')).rejects.toMatchObject(WRONG);
    const { code } = await pair();
    await expect(activate(code)).rejects.toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    await activate((await pair()).code, '192.0.2.2');
    clock.advance(1_000);
    await expect(activate('22222-22222')).rejects.toMatchObject(WRONG);
    await expect(activate(code)).rejects.toMatchObject({ status: 429, headers: { 'retry-after': '2' } });
    clock.advance(2_000);
    await activate(code);
  });

  test('is not to blame for an outage', async () => {
    const run = () => Promise.reject(new Error('away'));
    const { pairings } = await openDevices({ store: { ...services.store, run }, nowMs: clock.nowMs });
    for (let n = 0; n < 15; n++) await expect(pairings.activate('22222-22222', '192.0.2.1')).rejects.toThrow('away');
  });
});

describe('pairing anew', () => {
  test('leaves the token until the code is used, and begins an epoch then', async () => {
    const first = await pair();
    const { token } = await activate(first.code);
    const { code } = await pair(first.deviceId);
    clock.advance(3_000);
    expect(await devices.tokens.find(token)).toMatchObject({ id: first.deviceId, epoch: 1 });
    const second = await activate(code);
    expect(second.epoch).toBe(2);
    clock.advance(3_000);
    expect(await devices.tokens.find(token)).toBeNull();
    expect(await devices.tokens.find(second.token)).toMatchObject({ epoch: 2 });
  });

  test('keeps the owner, and the name and site where it does not say others', async () => {
    const { deviceId } = await devices.pairings.pair({ deviceId: newId(), name: 'Door', ...of('ann') });
    await pair(deviceId, 'admin');
    const rows = await services.rows<{ id: string; name: string; owner_id: string }>('devices');
    expect(rows.find(({ id }) => id === deviceId)).toMatchObject({ name: 'Door', owner_id: people.userOf('ann').id });
    await devices.pairings.pair({ deviceId, name: 'Gate', ...of('ann') });
    const renamed = await services.rows<{ id: string; name: string }>('devices');
    expect(renamed.find(({ id }) => id === deviceId)?.name).toBe('Gate');
  });

  test('is not for the device of another owner, nor for one that is nobody’s, unless by an administrator', async () => {
    const { deviceId } = await pair();
    const taken = { status: 409, code: 'device-id-taken' };
    await expect(pair(deviceId, 'bob')).rejects.toMatchObject(taken);
    const { deviceId: nobodys } = await devices.pairings.pair({ deviceId: newId(), ownerId: null, fleetId: null });
    await expect(pair(nobodys, 'bob')).rejects.toMatchObject(taken);
    const { code } = await pair(nobodys, 'admin');
    expect((await activate(code)).deviceId).toBe(nobodys);
  });

  test('at the same moment as its code is used waits for nobody in a circle', async () => {
    const { deviceId } = await pair();
    for (let round = 0; round < 40; round++) {
      const { code } = await pair(deviceId);
      const device = () => activate(code, `192.0.2.${round}`);
      const done = await outcomes([device(), pair(deviceId), device(), pair(deviceId)]);
      expect(Object.keys(done).filter((name) => !['let in', 'wrong-pairing-code'].includes(name))).toEqual([]);
    }
  });
});

describe('DEVICES_MAX', () => {
  const count = async () =>
    (await services.rows<{ deleted_at: Date | null }>('devices')).filter(({ deleted_at }) => !deleted_at).length;
  const full = { status: 403, code: 'too-many-devices' };

  test('is how many there may be; those that are there can still be paired', async () => {
    const { deviceId } = await pair();
    const known = await count();
    devices = await openDevices({ store: services.store, nowMs: clock.nowMs, config: { DEVICES_MAX: known + 1 } });
    await pair();
    await expect(pair()).rejects.toMatchObject(full);
    await pair(deviceId);
    expect(await count()).toBe(known + 1);
  });

  test('holds also for those who come at once', async () => {
    const known = await count();
    devices = await openDevices({ store: services.store, nowMs: clock.nowMs, config: { DEVICES_MAX: known + 2 } });
    const done = await outcomes(Array.from({ length: 8 }, () => pair()));
    expect(done).toEqual({ 'let in': 2, 'too-many-devices': 6 });
    expect(await count()).toBe(known + 2);
  });
});
