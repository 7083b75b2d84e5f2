import { afterAll, beforeAll, expect, test } from 'vitest';
import { event, NOW_MS } from '../schemas/records-under-test.ts';
import type { Event } from '../schemas/types.ts';
import { type AggregatorRig, startAggregatorRig } from './rig-under-test.ts';

let rig: AggregatorRig;
beforeAll(async () => {
  rig = await startAggregatorRig();
});
afterAll(() => rig.services.stop());

async function addDevice(id: string, versions: readonly object[], burstUntilMs: number | null = null): Promise<void> {
  const { store } = rig.services;
  const insertDevice = 'insert into devices (id, created_at, burst_until) values ($1, $2, $3)';
  const until = burstUntilMs === null ? null : new Date(burstUntilMs);
  await store.run({ name: 'device', text: insertDevice }, [id, new Date(NOW_MS), until]);
  const text = 'insert into config_versions (device_id, version, settings, created_at) values ($1, $2, $3, $4)';
  for (const [at, settings] of versions.entries()) {
    await store.run({ name: 'configure', text }, [id, at + 1, settings, new Date(NOW_MS)]);
  }
}

/** For how long from now on the device is to be in burst. */
async function burstMsOf(device: string): Promise<number | null> {
  const rows = await rig.services.rows<{ id: string; burst_until: Date | null }>('devices');
  const until = rows.find(({ id }) => id === device)?.burst_until;
  return until ? until.getTime() - NOW_MS : null;
}

async function motion(device_id: string, change: Partial<Event> = {}): Promise<void> {
  await rig.append('events', 'event', event(`${device_id} ${JSON.stringify(change)}`, { device_id, ...change }));
  await rig.drain();
}

test('motion that begins switches the device to burst for as long as its newest settings say', async () => {
  await addDevice('wanted', [{ burst_on_motion_s: 500 }, { burst_on_motion_s: 45 }]);
  await motion('wanted', { occurred_at: NOW_MS - 100_000 });
  expect(await burstMsOf('wanted')).toBe(45_000);
});

test('never for longer than ten minutes, whatever they say', async () => {
  await addDevice('long', [{ burst_on_motion_s: 1e12 }]);
  await motion('long');
  expect(await burstMsOf('long')).toBe(600_000);
});

test('a burst that goes on for longer is left as it is', async () => {
  await addDevice('already', [{ burst_on_motion_s: 45 }], NOW_MS + 60_000);
  await motion('already');
  expect(await burstMsOf('already')).toBe(60_000);
  await addDevice('shorter', [{ burst_on_motion_s: 45 }], NOW_MS + 30_000);
  await motion('shorter');
  expect(await burstMsOf('shorter')).toBe(45_000);
});

test.each<[string, readonly object[]]>([
  ['without-settings', []],
  ['that-does-not-want-it', [{ burst_on_motion_s: 45 }, { burst_on_motion_s: 0 }]],
  ['that-says-nothing', [{}]],
  ['that-says-nonsense', [{ burst_on_motion_s: 'often' }]],
])('a device %s is left alone', async (device, versions) => {
  await addDevice(device, versions);
  await motion(device);
  expect(await burstMsOf(device)).toBeNull();
  expect(await rig.services.rows('dead_letters')).toEqual([]);
});

test.each<[string, Partial<Event>]>([
  ['motion that is over', { version: 2, ended_at: NOW_MS }],
  ['last night’s motion', { occurred_at: NOW_MS - 180_000 }],
  ['motion in late frames', { lane: 'backlog' }],
  [
    'another event',
    { type: 'crowd', payload: { kind: 'Crowd', zone_id: null, zone_name: null, people: 3, lasted_ms: 1 } },
  ],
])('%s switches nothing', async (what, change) => {
  const device = what.replaceAll(/\W/g, '-');
  await addDevice(device, [{ burst_on_motion_s: 45 }]);
  await motion(device, change);
  expect(await burstMsOf(device)).toBeNull();
});

test('motion that is over in the same batch in which it began has begun all the same; of others in it nothing is lost', async () => {
  const devices = ['b', 'A', 'c', 'B'];
  for (const device of devices) await addDevice(device, [{ burst_on_motion_s: 45 }]);
  const told = devices.flatMap((device_id) => [
    event(device_id, { device_id }),
    event(device_id, { device_id, version: 2, ended_at: NOW_MS }),
  ]);
  await rig.append('events', 'event', ...told, event('of nobody', { device_id: 'nobody' }));
  await rig.drain();
  for (const device of devices) expect(await burstMsOf(device)).toBe(45_000);
  const rows = await rig.services.rows<{ device_id: string }>('events');
  expect(rows.map(({ device_id }) => device_id)).toEqual(expect.arrayContaining([...devices, 'nobody']));
});
