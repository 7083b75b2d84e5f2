import { hash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import { runAggregator } from '../aggregator/aggregator.ts';
import { type ConsoleUnderTest, startConsole } from '../console/routes/server-under-test.ts';
import { readConfig } from '../http/read-config.ts';
import { brightnessDetector } from '../ports/detector/brightness-under-test.ts';
import { processorConfig } from '../processor/config.ts';
import { frameOf, type Place, recordOf } from '../processor/frames-under-test.ts';
import { jpegOf } from '../processor/lane-under-test.ts';
import { runProcessor } from '../processor/processor.ts';
import { fixedCodec as codec } from '../schemas/codec.ts';
import { readers } from '../schemas/readers.ts';
import type { Frame } from '../schemas/types.ts';

/**
 * From what cannot be read to what should have come of it: letters, mended and sent again, and `captures` in the end as
 * if nothing had been wrong.
 */
const DEVICES = ['changed', 'cut', 'missing', 'whole'] as const;
const PLACES: readonly Place[] = [0, 1, 2, 2, 3, 0];
const LAST = PLACES.length - 1;
/** The same is seen in it as in the one before: the frames after it have the same motion without it. */
const MIDDLE = 3;
const patient = { timeout: 20_000 };

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

interface Installation {
  readonly console: ConsoleUnderTest;
  append(frame: Frame, bytes?: Buffer): Promise<void>;
  post(path: string, payload?: object): Promise<Record<string, unknown>>;
  captures(): Promise<readonly Row[]>;
  /** Until everything that is in the log was read. */
  quiet(): Promise<void>;
}

type Row = Readonly<Record<string, unknown>>;

/** Processor, aggregator and console on one log and one database. */
async function install(): Promise<Installation> {
  const console = await startConsole();
  stops.push(() => console.stop());
  const { services, blobs, clock, log } = console;
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const metrics = new Registry();
  const parts = { log, codec, clock, logger: pino({ level: 'silent' }) };
  const config = readConfig(processorConfig, {});
  const store = services.openStore('aggregator');
  const running = Promise.all([
    runProcessor({ ...parts, blobs, detector: brightnessDetector, metrics, config }, stop.signal),
    runAggregator({ ...parts, store, metrics: new Registry(), config: { AGGREGATOR_BATCH: 100 } }, stop.signal),
  ]);
  stops.push(async () => {
    stop.abort();
    await running;
  });
  const read = readers.filter(({ group }) => group !== 'snapshots');
  return {
    console,
    append: (frame, bytes) => log.append('frames', [{ ...recordOf(frame), ...(bytes && { value: bytes }) }]),
    async post(path, payload) {
      const answer = await console.app.inject({ method: 'POST', url: path, ...(payload && { payload }) });
      expect(answer.statusCode, answer.body).toBeLessThan(300);
      return answer.json();
    },
    async captures() {
      const rows = await services.rows<Row>('captures');
      return rows.toSorted((a, b) => (`${a.device_id}/${a.seq}` < `${b.device_id}/${b.seq}` ? -1 : 1));
    },
    async quiet() {
      const waiting = async () => {
        const lags = await Promise.all(read.map(({ topic, group }) => log.lag(topic, group)));
        return lags.flat().reduce((sum, { records }) => sum + records, 0n);
      };
      await expect.poll(waiting, patient).toBe(0n);
    },
  };
}

/** As ingest takes it: the picture first, then the record, which says what was stored. */
async function frameWith(device: string, seq: number, jpeg: Buffer): Promise<Frame> {
  const stored = { size_bytes: jpeg.length, sha256: hash('sha256', jpeg, 'buffer') };
  return { ...frameOf({ device, seq, atMs: seq * 400 }), ...stored };
}

test('what is mended and redriven leaves captures as they are where nothing was wrong', async () => {
  const [clean, broken] = [await install(), await install()];
  const pictures = await Promise.all(PLACES.map(jpegOf));
  const noPicture = Buffer.from('this is no picture');
  const cut: { bytes: Buffer; whole: Buffer }[] = [];
  for (const [seq, jpeg] of pictures.entries()) {
    for (const device of DEVICES) {
      const whole = await frameWith(device, seq, jpeg);
      await clean.console.blobs.put(whole.blob_key, jpeg);
      await clean.append(whole);

      const isChanged = device === 'changed' && seq === LAST;
      const frame = isChanged ? await frameWith(device, seq, noPicture) : whole;
      if (device !== 'missing' || seq !== MIDDLE) {
        await broken.console.blobs.put(frame.blob_key, isChanged ? noPicture : jpeg);
      }
      if (device === 'cut' && seq === LAST) {
        const bytes = codec.encode('frame', frame);
        cut.push({ bytes: bytes.subarray(0, 60), whole: bytes });
        await broken.append(frame, bytes.subarray(0, 60));
      } else await broken.append(frame);
    }
  }

  const letters = async () => (await broken.console.get('/api/v1/dead-letters')).body as unknown as Letters;
  await clean.quiet();
  await expect.poll(async () => (await letters()).total, patient).toBe(3);
  await broken.quiet();
  const dead = await letters();
  expect(dead.letters.map(({ code, device_id, state }) => [code, device_id, state]).sort()).toEqual([
    ['corrupt-body', null, 'open'],
    ['picture-missing', 'missing', 'open'],
    ['undecodable', 'changed', 'open'],
  ]);

  // What is missing is put back, what is no picture gets another, and the record is completed.
  const missing = frameOf({ device: 'missing', seq: MIDDLE, atMs: MIDDLE * 400 });
  await broken.console.blobs.put(missing.blob_key, pictures[MIDDLE] as Buffer);
  const changed = frameOf({ device: 'changed', seq: LAST, atMs: LAST * 400 });
  await broken.console.blobs.delete(changed.blob_key);
  await broken.console.blobs.put(changed.blob_key, pictures[LAST] as Buffer);
  const unread = dead.letters.find(({ code }) => code === 'corrupt-body');
  const value = cut[0]?.whole.toString('base64');
  await broken.post(`/api/v1/dead-letters/${unread?.id}/redrive`, { value });
  const asked = [
    await broken.post('/api/v1/dead-letters/redrive?code=picture-missing'),
    await broken.post('/api/v1/dead-letters/redrive?code=undecodable', { accept_changed: true }),
  ];
  await broken.console.letterActions.sweep(new AbortController().signal);
  for (const { id } of asked) {
    const { body } = await broken.console.get(`/api/v1/dead-letters/actions/${id}`);
    expect(body).toMatchObject({ state: 'done', total: 1, done: 1, failed: 0 });
  }
  const unfinished = async () => (await broken.captures()).filter(({ state }) => state !== 'done').length;
  await expect.poll(async () => [(await broken.captures()).length, await unfinished()], patient).toEqual([24, 0]);
  await broken.quiet();

  const asComparable = (row: Row): Row => {
    if (row.device_id === 'missing' && row.seq === MIDDLE) return { ...row, motion: null };
    // Its record told of what was stored then.
    return row.device_id === 'changed' && row.seq === LAST ? { ...row, size_bytes: 0, sha256: null } : row;
  };
  const [expected, mended] = [await clean.captures(), await broken.captures()];
  expect(mended.map(asComparable)).toEqual(expected.map(asComparable));
  expect(expected.filter(({ motion }) => Number(motion) > 0).length).toBeGreaterThan(DEVICES.length);

  const settled = await letters();
  expect(settled.letters.map(({ code, state, succeeded_at }) => [code, state, succeeded_at !== null]).sort()).toEqual([
    ['corrupt-body', 'redriven', false],
    ['picture-missing', 'redriven', true],
    ['undecodable', 'redriven', true],
  ]);
});

interface Letters {
  readonly total: number;
  readonly letters: readonly {
    readonly id: string;
    readonly code: string;
    readonly device_id: string | null;
    readonly state: string;
    readonly succeeded_at: string | null;
  }[];
}
