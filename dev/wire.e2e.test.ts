import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerConsole } from '../console/app.ts';
import { openDiskWatch } from '../console/disks-under-test.ts';
import { createDeviceAccess } from '../http/access/devices/device-access.ts';
import { NO_LIMITS, SECRET } from '../http/access/devices/devices-under-test.ts';
import { Problem } from '../http/problem.ts';
import { createServer, type Server } from '../http/server.ts';
import { createMemoryBlobs } from '../ports/blobs/memory.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { describeWith } from '../ports/servers-under-test.ts';
import type { Store } from '../ports/store/store.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { current, released } from '../schemas/registry.ts';
import { samplesOf } from '../schemas/sample.ts';
import { openPython } from './python/open-python.ts';
import { asRead, inPython, inTypeScript } from './wire/as-read.ts';
import { readLines } from './wire/read-lines.ts';

/**
 * Our records as others read them: by clients that we did not write, from a real broker, with the schemas that the
 * console serves. What runs is what docs/consumers.md tells people to run.
 */
const client = await openPython(new URL('./wire/requirements.txt', import.meta.url));
const python = 'python' in client ? client.python : null;
if ('missing' in client) console.warn(`SKIPPED: dev/wire.e2e.test.ts: ${client.missing}`);

let app: Server;
let registryUrl: string;

beforeAll(async () => {
  const never = () => Promise.reject(new Error('nobody reads this'));
  const store: Store = { run: never, transaction: never, check: never, close: never };
  const lag = { readers: [], look: never };
  const blobs = createMemoryBlobs({ clock });
  app = createServer({ logger: pino({ level: 'silent' }), metrics: new Registry() });
  const requireUser = () => Promise.reject(new Problem({ status: 401, code: 'not-signed-in' }));
  const access = { requireUser, requireUserNow: requireUser, register: () => undefined };
  const devices = createDeviceAccess({ store, secret: SECRET, config: NO_LIMITS, nowMs: clock.nowMs });
  await registerConsole(app, {
    store,
    blobs,
    clock,
    lag,
    log: {},
    diskWatch: openDiskWatch({ blobs, clock }),
    codec: fixedCodec,
    access,
    configPublisher: { publish: never },
    letterActions: { change: never, start: never, find: never, sweep: never },
    liveEvents: { listen: never, close: () => undefined },
    devices,
  });
  registryUrl = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

test.skipIf(!python)('a stock registry client finds its way, and is told why it may not write', async () => {
  const { stdout } = await promisify(execFile)(python ?? '', ['dev/wire/ask_registry.py', registryUrl]);
  expect(JSON.parse(stdout)).toEqual({
    subjects: expect.arrayContaining(['events-value', ...released.map(({ schema }) => `passerby.${schema.name}`)]),
    versions: [1, 2],
    latest: [current.get('event')?.id, 2, current.get('event')?.schema],
    by_id: current.get('frame')?.schema,
    unknown_subject: [404, 40401, 'There is no such subject.'],
    unknown_id: [404, 40403, 'There is no schema of this id.'],
    register: [405, 405, expect.stringContaining('read-only')],
    lookup: [405, 405, expect.stringContaining('read-only')],
  });
});

describeWith('kafka', 'from a real broker', ({ brokers }) => {
  const run = randomBytes(4).toString('hex');
  const topics = { events: `events-${run}`, frames: `frames-${run}` };
  const kafka = new Kafka({ clientId: 'wire', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const groups: string[] = [];

  const written = (name: 'event' | 'frame' | 'control') => {
    const schema = current.get(name)?.schema;
    if (!schema) throw new Error(`no schema for ${name}`);
    return samplesOf(schema).map((value) => ({ value, schema, bytes: fixedCodec.encode(name, value as never) }));
  };
  const events = written('event');
  const frames = [...written('frame'), ...written('control')];

  beforeAll(async () => {
    await admin.connect();
    await admin.createTopics({
      topics: Object.values(topics).map((topic) => ({ topic, numPartitions: 3, replicationFactor: 1 })),
    });
    const producer = kafka.producer({ transactionalId: `wire-${run}`, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    // Given up in the middle, as by a processor that was killed: nobody may hear of this one.
    await send(producer, topics.events, [events[0]?.bytes ?? Buffer.alloc(0)], 'abort');
    for (const { bytes } of events) await send(producer, topics.events, [bytes], 'commit');
    const bytes = frames.map((frame) => frame.bytes);
    await send(producer, topics.frames, bytes, 'commit');
    await producer.disconnect();
  }, 60_000);

  afterAll(async () => {
    await admin.deleteGroups(groups).catch(() => undefined);
    await admin.deleteTopics({ topics: Object.values(topics) });
    await admin.disconnect();
  });

  async function send(producer: Producer, topic: string, values: readonly Buffer[], end: 'commit' | 'abort') {
    const transaction = await producer.transaction();
    // One key, as of one device: what is in one partition comes in its order.
    await transaction.send({ topic, messages: values.map((value) => ({ key: 'camera-1', value })) });
    await transaction[end]();
  }

  async function consume(command: readonly [string, ...string[]], topic: string, count: number) {
    const group = `wire-${run}-${groups.length}`;
    groups.push(group);
    const env = { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registryUrl };
    const { lines, status } = await readLines([...command, topic, group], { count, env });
    expect(status).toBe(0);
    return lines;
  }

  const inPythonClient = test.skipIf(!python);

  inPythonClient('the Python example reads every kind of event as it was written', async () => {
    const lines = await consume([python ?? '', 'docs/examples/consume_events.py'], topics.events, events.length);
    expect(lines).toEqual(events.map(({ value, schema }) => asRead(value, schema, inPython)));
  });

  inPythonClient('and frames, with the control records between them', async () => {
    const lines = await consume([python ?? '', 'docs/examples/consume_events.py'], topics.frames, frames.length);
    expect(lines).toEqual(frames.map(({ value, schema }) => asRead(value, schema, inPython)));
  });

  test('the TypeScript example reads every kind of event as it was written', async () => {
    const command = [process.execPath, '--import', 'tsx', 'docs/examples/consume-events.ts'] as const;
    const lines = await consume(command, topics.events, events.length);
    expect(lines).toEqual(events.map(({ value, schema }) => asRead(value, schema, inTypeScript)));
  });
});
