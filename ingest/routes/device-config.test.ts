import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtInSettings } from '../../schemas/device-settings.ts';
import { type IngestRig, startIngestRig } from '../rig-under-test.ts';
import { type ListeningIngest, listen } from './server-under-test.ts';

let rig: IngestRig;
let ingest: ListeningIngest;
beforeAll(async () => {
  rig = await startIngestRig();
  ingest = await listen(rig);
});
afterAll(async () => {
  await ingest.close();
  await rig.services.stop();
});

async function poll(device: string, headers: Readonly<Record<string, string>> = {}, query = `?device_id=${device}`) {
  const token = await rig.devices.enrol(device);
  const answer = await fetch(`${ingest.url}/api/v1/device/config${query}`, {
    headers: { 'x-device-token': token, ...headers },
  });
  const text = await answer.text();
  return {
    status: answer.status,
    etag: answer.headers.get('etag') ?? '',
    cached: answer.headers.get('cache-control'),
    body: text === '' ? null : JSON.parse(text),
  };
}

async function configure(device: string, version: number, settings: object): Promise<void> {
  await rig.devices.enrol(device);
  const text = 'insert into config_versions (device_id, version, settings, created_at) values ($1, $2, $3, $4)';
  await rig.services.store.run({ name: 'configure', text }, [device, version, settings, new Date(rig.clock.nowMs())]);
}

async function switchToBurst(device: string, forMs: number): Promise<void> {
  const text = 'update devices set burst_until = $2 where id = $1';
  await rig.services.store.run({ name: 'burst', text }, [device, new Date(rig.clock.nowMs() + forMs)]);
}

interface DeviceRow {
  readonly id: string;
  readonly last_seen_at: Date | null;
  readonly last_config_fetch_at: Date | null;
  readonly capture_mode: string | null;
}
async function rowOf(device: string): Promise<DeviceRow | undefined> {
  return (await rig.services.rows<DeviceRow>('devices')).find(({ id }) => id === device);
}

test('a device is told what to do, and by its token which device it is', async () => {
  const { device } = builtInSettings;
  const answer = await poll('new');
  expect(answer).toMatchObject({ status: 200, cached: 'private, no-cache' });
  expect(answer.body).toEqual({ device_id: 'new', version: 0, ...device, heartbeat_interval_s: 60 });
  expect(answer.body).toMatchObject({ capture_mode: 'baseline', baseline_interval_s: 30, paused: false });
  expect((await poll('new', {}, '')).body).toEqual(answer.body);
});

test('nobody is told another one’s', async () => {
  expect(await poll('new', {}, '?device_id=other')).toMatchObject({ status: 403, body: { code: 'wrong-device' } });
  const answer = await fetch(`${ingest.url}/api/v1/device/config?device_id=new`);
  expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'no-device-token' }]);
});

test('the newest version counts, and of it what is for the device', async () => {
  await configure('newest', 1, { device: { jpeg_quality: 10 } });
  await configure('newest', 2, {
    device: { jpeg_quality: 50, firmware: { version: '1.2.0' }, lamp: 'on', burst_fps: 'fast' },
    zones: [{ id: 'secret' }],
  });
  const { body } = await poll('newest');
  const expected = {
    ...builtInSettings.device,
    heartbeat_interval_s: 60,
    jpeg_quality: 50,
    firmware: { version: '1.2.0' },
  };
  expect(body).toEqual({ device_id: 'newest', version: 2, ...expected });
});

test('when to be heard from is the service’s own, unless the settings say it', async () => {
  const other = await listen(rig, { HEARTBEAT_INTERVAL_S: 10 });
  const ask = (device: string) => other.ask(device, '/api/v1/device/config', { method: 'GET' });
  expect((await ask('usual')).body).toMatchObject({ heartbeat_interval_s: 10 });
  await configure('unusual', 1, { device: { heartbeat_interval_s: 300 } });
  expect((await ask('unusual')).body).toMatchObject({ heartbeat_interval_s: 300 });
  await other.close();
});

test('what has not changed is not told again', async () => {
  const first = await poll('steady');
  expect(first.etag).toMatch(/^"0-baseline-[0-9a-f]{8}"$/);
  for (const named of [first.etag, `W/${first.etag}`, `"x", ${first.etag}`, '*']) {
    const again = await poll('steady', { 'if-none-match': named });
    expect(again).toEqual({ status: 304, etag: first.etag, cached: 'private, no-cache', body: null });
  }
  expect((await poll('steady', { 'if-none-match': '"0-baseline"' })).status).toBe(200);
  await configure('steady', 1, {});
  const changed = await poll('steady', { 'if-none-match': first.etag });
  expect(changed).toMatchObject({ status: 200, body: { version: 1 } });
  expect(changed.etag).not.toBe(first.etag);
});

test('the mode in force is burst for as long as something says so, and nothing while paused', async () => {
  const mode = async () => (await poll('moving')).body.capture_mode;
  const before = await poll('moving');
  await switchToBurst('moving', 60_000);
  const during = await poll('moving', { 'if-none-match': before.etag });
  expect(during).toMatchObject({ status: 200, body: { version: 0, capture_mode: 'burst' } });
  expect((await rowOf('moving'))?.capture_mode).toBe('burst');
  rig.clock.advance(59_999);
  expect(await mode()).toBe('burst');
  rig.clock.advance(1);
  expect((await poll('moving', { 'if-none-match': during.etag })).body).toEqual(before.body);
  expect((await rowOf('moving'))?.capture_mode).toBe('baseline');

  await configure('moving', 1, { device: { capture_mode: 'burst' } });
  expect(await mode()).toBe('burst');
  await switchToBurst('moving', 60_000);
  await configure('moving', 2, { device: { paused: true } });
  expect((await poll('moving')).body).toMatchObject({ paused: true, capture_mode: 'paused' });
  expect((await rowOf('moving'))?.capture_mode).toBe('paused');
});

test('that it has asked is kept, but not each time of a device that asks every second', async () => {
  await rig.devices.enrol('eager');
  const startMs = rig.clock.nowMs();
  const noted = new Set<number>();
  for (let second = 0; second < 30; second += 1) {
    const { etag } = await poll('eager');
    expect((await poll('eager', { 'if-none-match': etag })).status).toBe(304);
    const row = await rowOf('eager');
    const fetchedMs = row?.last_config_fetch_at?.getTime() ?? 0;
    expect(rig.clock.nowMs() - fetchedMs).toBeLessThan(10_000);
    expect(row?.last_seen_at?.getTime()).toBe(fetchedMs);
    noted.add((fetchedMs - startMs) / 1_000);
    rig.clock.advance(1_000);
  }
  expect([...noted]).toEqual([0, 10, 20]);
  // A change of mode is noted at once, and so is a clock that was set back.
  await switchToBurst('eager', 60_000);
  await poll('eager');
  expect((await rowOf('eager'))?.last_config_fetch_at?.getTime()).toBe(startMs + 30_000);
  rig.clock.advance(-20_000);
  await poll('eager');
  const row = await rowOf('eager');
  expect(row?.last_config_fetch_at?.getTime()).toBe(startMs + 10_000);
  expect(row?.last_seen_at?.getTime()).toBe(startMs + 30_000);
});
