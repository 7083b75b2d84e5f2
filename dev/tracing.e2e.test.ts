import { randomBytes, randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAggregator } from '../aggregator/aggregator.ts';
import { NO_LIMITS, openDevices, SECRET } from '../http/access/devices/devices-under-test.ts';
import { readConfig } from '../http/read-config.ts';
import { createServer } from '../http/server.ts';
import { registerIngest } from '../ingest/app.ts';
import { ingestConfig } from '../ingest/config.ts';
import { createOutcomes } from '../ingest/outcomes.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { brightnessDetector } from '../ports/detector/brightness-under-test.ts';
import { kafkaConfigOf } from '../ports/log/kafka/config-under-test.ts';
import { createKafkaLog } from '../ports/log/kafka.ts';
import type { Log } from '../ports/log/log.ts';
import { describeWith } from '../ports/servers-under-test.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import { type Collector, startCollector } from '../ports/tracing/collector-under-test.ts';
import { tracingConfig } from '../ports/tracing/config.ts';
import { openTracing } from '../ports/tracing/open-tracing.ts';
import { tracedLog } from '../ports/tracing/traced-log.ts';
import { processorConfig } from '../processor/config.ts';
import type { Place } from '../processor/frames-under-test.ts';
import { jpegOf } from '../processor/lane-under-test.ts';
import { runProcessor } from '../processor/processor.ts';
import { fixedCodec as codec } from '../schemas/codec.ts';
import { logTopics } from '../schemas/topics.ts';
import { describeTrace } from './tracing/describe-trace-under-test.ts';
import { prefixedLog, prefixedTopics } from './tracing/prefixed-log-under-test.ts';

/** A frame's way from the device's request to the event's row, as somebody sees it who looks at spans. */
const PLACES: readonly Place[] = [0, 1, 2, 3, 1, 0];
const beganMs = Date.now() - 10_000;
const patient = { timeout: 20_000 };
const veryPatient = { timeout: 120_000 };
const logger = pino({ level: 'silent' });

describeTracing('in the embedded log', 'postgresql', async (services) => {
  const log = await services.openLog(clock);
  return { log, close: async () => undefined };
});

describeWith('kafka', 'with a real Kafka', ({ brokers }) => {
  describeTracing('in its records', 'kafka', async () => {
    const prefix = `tracing-${randomUUID().slice(0, 8)}-`;
    const topics = prefixedTopics(logTopics, prefix);
    const kafka = await createKafkaLog({ config: kafkaConfigOf(brokers, 2), name: 'tracing', topics, clock, logger });
    return { log: prefixedLog(kafka, prefix), close: () => kafka.close() };
  });
});

interface OpenedLog {
  readonly log: Log;
  close(): Promise<void>;
}

interface Row {
  readonly device_id: string;
  readonly trace_id: string | null;
  readonly seq?: number;
  readonly frame_seq?: number;
  readonly state?: string;
}

function describeTracing(
  where: string,
  messagingSystem: string,
  open: (services: ServicesUnderTest) => Promise<OpenedLog>,
): void {
  describe(`a trace goes on ${where}`, () => {
    let services: ServicesUnderTest;
    let collector: Collector;
    let url: string;
    let enrol: (deviceId: string) => Promise<string>;
    const stops: (() => Promise<unknown>)[] = [];

    beforeAll(async () => {
      services = await startServices({
        migrations: new URL('../aggregator/migrations/', import.meta.url),
        topics: logTopics,
      });
      stops.push(() => services.stop());
      collector = await startCollector();
      stops.push(() => collector.close());
      const opened = await open(services);
      stops.push(() => opened.close());
      const config = readConfig(tracingConfig, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
      const openOne = async (service: string) => {
        const tracing = await openTracing({ config, service, messagingSystem, logger, sendEveryMs: 50 });
        if (!tracing) throw new Error('there is no tracing');
        stops.push(() => tracing.close());
        return tracing;
      };
      const { store } = services;
      const blobs = services.openBlobs();
      const shared = { log: opened.log, blobs, codec, clock, logger };

      const ingest = await openOne('ingest');
      const devices = await openDevices({ store, nowMs: clock.nowMs });
      enrol = devices.enrol;
      const app = createServer({ logger, metrics: new Registry(), tracing: ingest });
      await registerIngest(app, {
        ...shared,
        store,
        metrics: new Registry(),
        tracing: ingest,
        log: tracedLog(opened.log, ingest),
        outcomes: createOutcomes({ store, clock }),
        diskGuard: { requireRoom: () => undefined },
        config: { ...readConfig(ingestConfig, {}), ...NO_LIMITS },
        secret: SECRET,
        devices,
      });
      url = await app.listen({ host: '127.0.0.1', port: 0 });
      stops.push(() => app.close());

      const stop = new AbortController();
      setMaxListeners(0, stop.signal);
      const running = Promise.all([
        runProcessor(
          {
            ...shared,
            detector: brightnessDetector,
            metrics: new Registry(),
            tracing: await openOne('processor'),
            config: readConfig(processorConfig, {}),
          },
          stop.signal,
        ),
        runAggregator(
          {
            ...shared,
            store: services.openStore('aggregator'),
            metrics: new Registry(),
            tracing: await openOne('aggregator'),
            config: { AGGREGATOR_BATCH: 100 },
          },
          stop.signal,
        ),
      ]);
      stops.push(async () => {
        stop.abort();
        await running;
      });
    }, 120_000);
    afterAll(async () => {
      for (const stop of stops.splice(0).toReversed()) await stop();
    });

    /** Sends one frame, and answers once it is analysed: what follows from it is then a batch of its own. */
    async function send(deviceId: string, seq: number, place: Place, headers: Record<string, string>): Promise<string> {
      const meta = {
        device_id: deviceId,
        seq,
        // However long a frame takes here: what is told of who is seen goes by these times.
        capture_ts: beganMs + seq * 400,
        ...{ width: 64, height: 48, jpeg_quality: 12 },
      };
      const body = new FormData();
      body.set('meta', JSON.stringify(meta));
      body.set('image', new Blob([new Uint8Array(await jpegOf(place))]), 'f.jpg');
      const answer = await fetch(`${url}/api/v1/ingest/frame`, {
        method: 'POST',
        body,
        headers: { 'x-device-token': await enrol(deviceId), ...headers },
      });
      expect(answer.status, await answer.text()).toBe(202);
      const isDone = async () =>
        (await services.rows<Row>('captures')).some(
          (row) => row.device_id === deviceId && row.seq === seq && row.state === 'done',
        );
      await expect.poll(isDone, patient).toBe(true);
      const [, traceId = ''] = answer.headers.get('traceparent')?.split('-') ?? [];
      return traceId;
    }

    const traceOf = (traceId: string) => collector.spans.filter((span) => span.traceId === traceId);
    const FRAME_ALONE = [
      'POST /api/v1/ingest/frame (server)',
      '  claim (internal) claimed',
      '  put picture (internal)',
      '  send frames (producer)',
      '    process frames (consumer) analysed',
      ...['commit', 'decode', 'fetch', 'infer', 'motion', 'step'].map((stage) => `      ${stage} (internal)`),
      '      write observations (consumer)',
      '    write frames (consumer)',
    ];
    const WITH_EVENTS = FRAME_ALONE.toSpliced(-2, 0, '      write events (consumer)');

    test('from the request of a device to the row of its event', veryPatient, async () => {
      const requests = PLACES.map((_, at) => ({
        traceId: randomBytes(16).toString('hex'),
        spanId: `${at + 1}`.repeat(16),
      }));
      for (const [seq, place] of PLACES.entries()) {
        const { traceId, spanId } = requests[seq] ?? { traceId: '', spanId: '' };
        const headers = { traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'vendor=of-the-device' };
        // What the device began is gone on with.
        expect(await send('traced', seq, place, headers)).toBe(traceId);
      }
      const eventsOf = async () => (await services.rows<Row>('events')).filter((row) => row.device_id === 'traced');
      await expect.poll(async () => (await eventsOf()).length, patient).toBeGreaterThan(0);
      const captures = (await services.rows<Row>('captures')).filter((row) => row.device_id === 'traced');
      expect(new Set(captures.map(({ trace_id }) => trace_id))).toEqual(
        new Set(requests.map(({ traceId }) => traceId)),
      );

      for (const event of await eventsOf()) {
        const traceId = event.trace_id ?? '';
        await expect.poll(() => describeTrace(traceOf(traceId)), patient).toEqual(WITH_EVENTS);
        const spans = traceOf(traceId);
        const request = requests.find((one) => one.traceId === traceId);
        const [server] = spans.filter(({ kind }) => kind === 'server');
        expect(server).toMatchObject({ parentSpanId: request?.spanId, parentIsRemote: true });
        expect(new Set(spans.map(({ traceState }) => traceState))).toEqual(new Set(['vendor=of-the-device']));
        // Between processes, and nowhere else, the parent was elsewhere.
        const remote = spans.filter(({ parentIsRemote }) => parentIsRemote).map(({ name }) => name);
        expect(remote.toSorted()).toEqual([
          'POST /api/v1/ingest/frame',
          'process frames',
          'write events',
          'write frames',
          'write observations',
        ]);
        const from = Object.fromEntries(spans.map(({ name, resource }) => [name, resource['service.name']]));
        expect(from).toMatchObject({ claim: 'ingest', infer: 'processor', 'write events': 'aggregator' });
        const told = spans.filter(({ kind }) => kind === 'producer' || kind === 'consumer');
        expect(new Set(told.map(({ attributes }) => attributes['messaging.system']))).toEqual(
          new Set([messagingSystem]),
        );
      }
    });

    test('or begins at ingest, where a device tells of none, or of nonsense', veryPatient, async () => {
      const traceIds = [
        await send('untraced', 0, 0, {}),
        await send('untraced', 1, 1, { traceparent: `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01` }),
      ];
      expect(traceIds).toEqual([expect.stringMatching(/^(?!0{32})[\da-f]{32}$/), expect.not.stringMatching(/^0+$/)]);
      for (const traceId of traceIds) {
        await expect.poll(() => describeTrace(traceOf(traceId)), patient).toEqual(FRAME_ALONE);
        expect(traceOf(traceId).filter(({ parentSpanId }) => parentSpanId === null)).toHaveLength(1);
      }
    });

    test('and is not looked at where the device says so, though rows have it', veryPatient, async () => {
      const traceId = randomBytes(16).toString('hex');
      expect(await send('unseen', 0, 0, { traceparent: `00-${traceId}-${'1'.repeat(16)}-00` })).toBe(traceId);
      // Of one that came after it everything is there.
      const next = await send('unseen', 1, 1, {});
      await expect.poll(() => describeTrace(traceOf(next)), patient).toEqual(FRAME_ALONE);
      expect(traceOf(traceId)).toEqual([]);
      const rows = (await services.rows<Row>('captures')).filter((row) => row.device_id === 'unseen' && row.seq === 0);
      expect(rows.map(({ trace_id }) => trace_id)).toEqual([traceId]);
    });
  });
}
