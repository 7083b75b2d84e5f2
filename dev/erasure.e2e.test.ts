import { hash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import { runAggregator } from '../aggregator/aggregator.ts';
import { createCarryOut } from '../console/erasures/carry-out.ts';
import { type ConsoleUnderTest, startConsole } from '../console/routes/server-under-test.ts';
import { readConfig } from '../http/read-config.ts';
import { brightnessDetector } from '../ports/detector/brightness-under-test.ts';
import { processorConfig } from '../processor/config.ts';
import { firstAtMs, frameOf, type Place, recordOf } from '../processor/frames-under-test.ts';
import { jpegOf } from '../processor/lane-under-test.ts';
import { runProcessor } from '../processor/processor.ts';
import { fixedCodec as codec } from '../schemas/codec.ts';
import { readers } from '../schemas/readers.ts';
import type { Frame } from '../schemas/types.ts';

/**
 * What was erased stays away when everything in the log is read again from its beginning, by processors that remember
 * nothing: the log still has it, as Kafka's would for weeks.
 */
const DEVICES = ['whole', 'ranged', 'seen', 'kept'] as const;
const PLACES: readonly Place[] = [0, 1, 2, 2, 3, 0];
/** Nobody who left is known any more. */
const LATER_MS = 1_000_000;
const patient = { timeout: 30_000 };
const TABLES = ['captures', 'events', 'visits', 'observations', 'dead_letters', 'occupancy_changes', 'event_counts'];

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

type Row = Readonly<Record<string, unknown>>;

/** Processor and aggregator, until the function that it answers is called. */
function startReaders({ services, blobs, clock, log }: ConsoleUnderTest): () => Promise<void> {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const parts = { log, codec, clock, logger: pino({ level: 'silent' }) };
  const store = services.openStore('aggregator');
  const config = readConfig(processorConfig, {});
  const running = Promise.all([
    runProcessor({ ...parts, blobs, detector: brightnessDetector, metrics: new Registry(), config }, stop.signal),
    runAggregator({ ...parts, store, metrics: new Registry(), config: { AGGREGATOR_BATCH: 100 } }, stop.signal),
  ]);
  return async () => {
    stop.abort();
    await running;
  };
}

async function quiet({ log }: ConsoleUnderTest): Promise<void> {
  const read = readers.filter(({ group }) => group !== 'snapshots');
  const waiting = async () => {
    const lags = await Promise.all(read.map(({ topic, group }) => log.lag(topic, group)));
    return lags.flat().reduce((sum, { records }) => sum + records, 0n);
  };
  await expect.poll(waiting, patient).toBe(0n);
}

async function frameWith(device: string, seq: number, atMs: number, jpeg: Buffer): Promise<Frame> {
  const stored = { size_bytes: jpeg.length, sha256: hash('sha256', jpeg, 'buffer') };
  return { ...frameOf({ device, seq, atMs }), ...stored };
}

async function film({ blobs, log }: ConsoleUnderTest): Promise<void> {
  const pictures = await Promise.all(PLACES.map(jpegOf));
  for (const [seq, jpeg] of [...pictures, ...pictures].entries()) {
    const atMs = (seq % PLACES.length) * 400 + (seq < PLACES.length ? 0 : LATER_MS);
    for (const device of DEVICES) {
      const frame = await frameWith(device, seq, atMs, jpeg);
      await blobs.put(frame.blob_key, jpeg);
      await log.append('frames', [recordOf(frame)]);
    }
  }
}

/** All that tables say of a device, by table, but for what is new at each writing. */
async function told({ services }: ConsoleUnderTest, device: string) {
  const tables: Record<string, readonly string[]> = {};
  for (const table of TABLES) {
    const rows = (await services.rows<Row>(table)).filter(({ device_id }) => device_id === device);
    tables[table] = rows.map(({ number: _, created_at, ...row }) => JSON.stringify(row)).sort();
  }
  return tables;
}

async function visitsOf({ services }: ConsoleUnderTest, device: string) {
  const rows = await services.rows<{ device_id: string; person_id: string; opened_at: Date; ended_at: Date | null }>(
    'visits',
  );
  return rows
    .filter(({ device_id }) => device_id === device)
    .toSorted((a, b) => a.opened_at.getTime() - b.opened_at.getTime());
}

async function picturesOf({ blobs }: ConsoleUnderTest, device: string): Promise<number> {
  let count = 0;
  for await (const _ of blobs.list(`images/${device}/`)) count += 1;
  return count;
}

test('a replay from the beginning brings nothing back of what was erased', async () => {
  const rig = await startConsole();
  stops.push(() => rig.stop());
  for (const device of DEVICES) await rig.addDevice([device, new Date(firstAtMs).toISOString(), 1, []]);
  await film(rig);
  const stopReaders = startReaders(rig);
  await quiet(rig);
  const isOver = async () =>
    (await Promise.all(DEVICES.map((device) => visitsOf(rig, device)))).map((visits) =>
      visits.map(({ ended_at }) => ended_at !== null),
    );
  await expect.poll(isOver, patient).toEqual(DEVICES.map(() => [true, true]));
  await quiet(rig);

  const [{ person_id = '' } = {}] = await visitsOf(rig, 'seen');
  const span = [firstAtMs + LATER_MS, firstAtMs + LATER_MS + 10_000].map((ms) => new Date(ms).toISOString());
  for (const payload of [
    { kind: 'device', device_id: 'whole' },
    { kind: 'range', device_id: 'ranged', from: span[0], to: span[1] },
    { kind: 'person', person_id },
  ]) {
    const { statusCode, body } = await rig.app.inject({ method: 'POST', url: '/api/v1/erasures', payload });
    expect(statusCode, body).toBe(202);
  }
  const { append } = rig.log;
  const parts = { store: rig.services.store, blobs: rig.blobs, codec, clock: rig.clock };
  // As where records cannot be taken out one by one.
  const carryOut = createCarryOut({ ...parts, log: { append }, settleMs: 0 });
  const carryOn = async () => {
    await carryOut.sweep(new AbortController().signal);
    const { body } = await rig.get('/api/v1/erasures');
    return (body as unknown as { erasures: readonly { state: string }[] }).erasures.map(({ state }) => state);
  };
  await expect.poll(carryOn, patient).toEqual(['done', 'done', 'done']);
  await quiet(rig);
  const [whole, ranged, seen, kept] = await Promise.all(DEVICES.map((device) => told(rig, device)));
  expect(Object.values(whole ?? {}).flat()).toEqual([]);
  expect(await picturesOf(rig, 'whole')).toBe(0);
  for (const device of ['ranged', 'seen'] as const) {
    expect([await picturesOf(rig, device), (await visitsOf(rig, device)).length]).toEqual([PLACES.length, 1]);
  }
  expect((await visitsOf(rig, 'kept')).length).toBe(2);
  const states = await rig.services.store.run<{ key: string; value: Buffer }>({
    name: 'states',
    text: 'select key, value from log.changelog',
  });
  expect(states.map(({ key }) => key).filter((key) => key.endsWith('/whole'))).toEqual([]);
  const idBytes = Buffer.from(person_id.replaceAll('-', ''), 'hex');
  expect(states.filter(({ value }) => value.includes(idBytes))).toEqual([]);

  await stopReaders();
  for (const text of [
    'delete from consumer_offsets',
    'update log.offsets set next_offset = 0',
    'delete from log.changelog',
  ]) {
    await rig.services.store.run({ name: text, text });
  }
  stops.push(startReaders(rig));
  await quiet(rig);
  await carryOn();
  await expect.poll(carryOn, patient).toEqual(['done', 'done', 'done']);
  await quiet(rig);
  expect(await told(rig, 'whole')).toEqual(whole);
  expect(await told(rig, 'kept')).toEqual(kept);
  for (const [device, before] of [
    ['ranged', ranged],
    ['seen', seen],
  ] as const) {
    const now = await told(rig, device);
    for (const table of ['captures', 'visits', 'occupancy_changes', 'dead_letters']) {
      expect(now[table], `${table} of ${device}`).toEqual(before?.[table]);
    }
    expect(await picturesOf(rig, device)).toBe(PLACES.length);
  }
  expect(await picturesOf(rig, 'whole')).toBe(0);
  const naming = await Promise.all(
    TABLES.map(async (table) => (await rig.services.rows<Row>(table)).map((row) => JSON.stringify(row))),
  );
  expect(naming.flat().filter((row) => row.includes(person_id))).toEqual([]);
}, 120_000);
