import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../../ports/servers-under-test.ts';
import { startTimescaleDatabase } from '../../ports/store/database-under-test.ts';
import { derivedId, frameId } from '../../schemas/identity.ts';
import { event, frame } from '../../schemas/records-under-test.ts';
import { minutes, visitOf } from './erased-under-test.ts';
import { but, type ErasingRig, startErasingRig } from './erasing-rig-under-test.ts';

const PACKED = ['captures', 'events', 'visits'];
const DAY_MIN = 24 * 60;

describeWith('timescale', 'where rows are packed, the erasure', ({ url }) => {
  let rig: ErasingRig;
  beforeAll(async () => {
    rig = await startErasingRig(() => startTimescaleDatabase(url));
    // Jobs run when they are told to.
    await run('select alter_job(job_id, scheduled => false) from timescaledb_information.jobs');
  });
  afterAll(() => rig?.services.stop());

  function run<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return rig.services.store.run<Row>({ name: derivedId('test', text), text }, values);
  }

  /** Somebody each week for a quarter of a year, something that moves, and a frame every six hours of some days. */
  async function fillBefore(device: string): Promise<void> {
    for (let weeks = 1; weeks <= 12; weeks += 1) {
      const from = -weeks * 7 * DAY_MIN;
      const span = { occurred_at: minutes(from), ended_at: minutes(from + 1) };
      const person = derivedId('somebody', device, weeks);
      const told = [
        visitOf({ device, person }, { from, to: from + 2 }),
        event(`${device} ${weeks}`, { device_id: device, ...span }),
      ];
      await rig.written.write('events', 'event', ...told);
    }
    const frames = Array.from({ length: 20 }, (_, at) => {
      const named = {
        device_id: device,
        frame_id: frameId(device, 2, at),
        epoch: 2,
        blob_key: `images/${device}/old-${at}.jpg`,
      };
      return frame(at, { ...named, captured_at: minutes(-at * 360 - 360) });
    });
    await Promise.all(frames.map(({ blob_key }) => rig.blobs.put(blob_key, Buffer.from('a picture'))));
    await rig.written.write('frames', 'frame', ...frames);
  }

  /** In which chunks rows of which devices are not packed. */
  async function unpacked(): Promise<readonly string[]> {
    const chunks = await run<{ table: string; chunk: string; has_noon: boolean }>(
      `select hypertable_name as table, format('%I.%I', chunk_schema, chunk_name) as chunk,
         tstzrange(range_start, range_end) @> $2::timestamptz as has_noon
       from timescaledb_information.chunks where hypertable_name = any($1)`,
      [PACKED, new Date(minutes(0))],
    );
    expect(chunks.length).toBeGreaterThan(40);
    const found: string[] = [];
    for (const { table, chunk, has_noon } of chunks) {
      for (const { device_id } of await run<{ device_id: string }>(`select distinct device_id from only ${chunk}`)) {
        found.push(`${table} of ${device_id}, ${has_noon ? 'of that day' : 'of another day'}`);
      }
    }
    return found.sort();
  }

  test('of a person unpacks what their camera has of that day, and nothing else', async () => {
    const { device, person } = await rig.written.fill('cam-packed');
    await rig.written.fill('cam-beside');
    for (const one of [device, 'cam-beside']) await fillBefore(one);
    const pack =
      'select compress_chunk(chunk) from unnest($1::text[]) as tables, show_chunks(tables::regclass) as chunk';
    await run(pack, [PACKED]);
    expect(await unpacked()).toEqual([]);

    await rig.erase({ kind: 'person', personId: person, deviceId: null });
    expect(await unpacked()).toEqual(PACKED.map((table) => `${table} of ${device}, of that day`));
    const left = await rig.leftOf(device);
    expect(left.minutes.filter((minute) => minute >= 0)).toEqual(but(10, 12));
    expect([left.minutes.length, left.visits]).toEqual([20 + 27, 12 + 1]);
  });

  test('of a device leaves nothing of it', async () => {
    await rig.erase({ kind: 'device', deviceId: 'cam-beside' });
    expect(await rig.leftOf('cam-beside')).toEqual({ minutes: [], events: [], pictures: 0, visits: 0 });
  });
});
