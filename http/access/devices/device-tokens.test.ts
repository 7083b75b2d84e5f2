import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createManualClock } from '../../../ports/clock/manual.ts';
import { Outage } from '../../../ports/errors.ts';
import { type ServicesUnderTest, startServices } from '../../../ports/store/services-under-test.ts';
import { statement } from '../../../ports/store/statement.ts';
import type { Queryable, Statement } from '../../../ports/store/store.ts';
import { createDeviceTokens, type DeviceTokens } from './device-tokens.ts';
import { type DevicesUnderTest, openDevices, SECRET } from './devices-under-test.ts';

const DAY = 24 * 3_600_000;
const revoke = statement(import.meta.url, '../../../console/sql/revoke-device.sql');

const clock = createManualClock(Date.UTC(2026, 4, 1, 12));
let services: ServicesUnderTest;
let devices: DevicesUnderTest;
beforeAll(async () => {
  services = await startServices({ migrations: new URL('../../../aggregator/migrations/', import.meta.url) });
  devices = await openDevices({ store: services.store, nowMs: clock.nowMs });
});
afterAll(() => services.stop());

let made = 0;
async function enrol() {
  const id = `camera-${made++}`;
  return { id, token: await devices.enrol(id) };
}

/** As another process has them: it remembers nothing of what this one was asked. */
function fresh(store: Queryable = services.store): DeviceTokens {
  return createDeviceTokens({ store, secrets: [SECRET], nowMs: clock.nowMs });
}
const known = async (token: string) => (await fresh().find(token))?.id ?? null;
async function rotate(id: string): Promise<string> {
  const token = await devices.tokens.rotate(id);
  if (token === null) throw new Error('not rotated');
  return token.token;
}

/** Counts what is asked, and fails when told to. */
function watched() {
  const asked: string[] = [];
  const state = { away: false };
  const store: Queryable = {
    async run<Row extends object>(sql: Statement, values?: readonly unknown[]) {
      asked.push(sql.name.replace(/-[\da-f]{8}$/, ''));
      if (state.away) throw new Outage('the store', new Error('away'));
      return services.store.run<Row>(sql, values);
    },
  };
  return { asked, state, tokens: fresh(store) };
}

describe('a rotation', () => {
  test('gives a token beside the old one, which is over once the new one is used', async () => {
    const { id, token } = await enrol();
    const next = await rotate(id);
    expect(next).not.toBe(token);
    expect(await known(token)).toBe(id);
    expect(await known(token)).toBe(id);
    expect(await known(next)).toBe(id);
    expect(await known(token)).toBeNull();
    expect(await known(next)).toBe(id);
  });

  test('whose token is never used keeps the old one for a week, and no longer', async () => {
    const { id, token } = await enrol();
    const next = await rotate(id);
    clock.advance(7 * DAY - 1);
    expect(await known(token)).toBe(id);
    clock.advance(1);
    expect(await known(token)).toBeNull();
    expect(await known(next)).toBe(id);
  });

  test('after a rotation whose answer was lost: the token that the device has goes on, the lost one is worth nothing', async () => {
    const { id, token } = await enrol();
    const lost = await rotate(id);
    const second = await rotate(id);
    expect([await known(token), await known(lost)]).toEqual([id, null]);
    expect(await known(second)).toBe(id);
    expect(await known(token)).toBeNull();
  });

  test('after one that has come through begins anew', async () => {
    const { id, token } = await enrol();
    const second = await rotate(id);
    await known(second);
    const third = await rotate(id);
    expect([await known(token), await known(second), await known(third)]).toEqual([null, id, id]);
    expect(await known(second)).toBeNull();
  });

  test('that is asked for again and again does not make the old token last longer', async () => {
    const { id, token } = await enrol();
    for (let day = 0; day < 7; day++) {
      await rotate(id);
      expect(await known(token)).toBe(id);
      clock.advance(DAY);
    }
    expect(await known(token)).toBeNull();
  });

  test('is for no device that is revoked, not there, or without a token', async () => {
    const { id } = await enrol();
    await services.store.run(revoke, [id, null, new Date(clock.nowMs())]);
    expect(await devices.tokens.rotate(id)).toBeNull();
    expect(await devices.tokens.rotate('nobody')).toBeNull();
    await devices.pairings.pair({ deviceId: 'waits', ownerId: null, fleetId: null });
    expect(await devices.tokens.rotate('waits')).toBeNull();
  });
});

describe('what is remembered', () => {
  test('is remembered for 3 s at most, also of a token that nobody has', async () => {
    const { id, token } = await enrol();
    const { asked, tokens } = watched();
    const unknown = `devtok_${'x'.repeat(43)}`;
    for (let round = 0; round < 3; round++) await Promise.all([tokens.find(token), tokens.find(unknown)]);
    const looks = asked.length;
    expect(looks).toBeLessThanOrEqual(2);
    await services.store.run(revoke, [id, null, new Date(clock.nowMs())]);
    clock.advance(2_999);
    expect(await tokens.find(token)).toMatchObject({ revoked: false });
    expect(asked).toHaveLength(looks);
    clock.advance(1);
    expect(await tokens.find(token)).toMatchObject({ revoked: true });
    expect(asked).toHaveLength(looks + 1);
  });

  test('is no outage: who comes after it is asked about anew', async () => {
    const { id, token } = await enrol();
    const { state, tokens } = watched();
    state.away = true;
    await expect(tokens.find(token)).rejects.toThrow(Outage);
    state.away = false;
    expect(await tokens.find(token)).toMatchObject({ id });
  });

  test('is nothing for isActive, which asks the store', async () => {
    const { id } = await enrol();
    expect(await devices.tokens.isActive(id)).toBe(true);
    await services.store.run(revoke, [id, null, new Date(clock.nowMs())]);
    expect(await devices.tokens.isActive(id)).toBe(false);
    expect(await devices.tokens.isActive('nobody')).toBe(false);
  });
});

test('what has not the form of a token asks no store', async () => {
  const { asked, tokens } = watched();
  for (const token of [
    '',
    'devtok_',
    `devtok_${'x'.repeat(42)}`,
    `devtok_${'x'.repeat(44)}`,
    `x${'x'.repeat(49)}`,
    'a\0b',
  ])
    expect(await tokens.find(token)).toBeNull();
  expect(asked).toEqual([]);
});

test('a token is not to be found in the database, and is worth nothing under another secret', async () => {
  const { id, token } = await enrol();
  expect(JSON.stringify(await services.rows('devices'))).not.toContain(token.slice(7));
  const other = createDeviceTokens({ store: services.store, secrets: [`${SECRET}.`], nowMs: clock.nowMs });
  expect([await other.find(token), await known(token)]).toEqual([null, id]);
});
