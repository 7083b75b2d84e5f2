import { describe, expect, test } from 'vitest';
import { createManualClock } from '../clock/manual.ts';
import { Outage } from '../errors.ts';
import type { Log, LogRecord, StoredRecord } from '../log/log.ts';
import { createMemoryLog } from '../log/memory.ts';
import { beginBatch } from './begin-batch.ts';
import { createRecordedTracing } from './recorded-under-test.ts';
import { tracedLog } from './traced-log.ts';
import { within } from './tracing.ts';

const traceOf = (digit: string, flags = '01') => `00-${digit.repeat(32)}-${digit.repeat(16)}-${flags}`;
const plain = { key: 'device', value: Buffer.from('x') };
const openLog = () => createMemoryLog({ partitionCount: 1, clock: createManualClock(0) });

/** What was appended to `frames`. */
async function appended(log: Log): Promise<readonly StoredRecord[]> {
  const stop = new AbortController();
  const read: StoredRecord[] = [];
  await log.consume(
    {
      topic: 'frames',
      group: 'test',
      batchRecordsMax: 100,
      open: async () => ({ state: null }),
      step: async (state, { records }) => {
        read.push(...records);
        return { state, outputs: [] };
      },
      onCommitted: () => stop.abort(),
    },
    stop.signal,
  );
  return read;
}

describe('a log that is traced', () => {
  test('is the very log where there is no tracing', () => {
    const log = openLog();
    expect(tracedLog(log, null)).toBe(log);
  });

  test('sends each record of a trace within a span, from which its readers go on', async () => {
    const [log, tracing] = [openLog(), createRecordedTracing()];
    const records: LogRecord[] = [
      { ...plain, headers: { traceparent: traceOf('a'), 'dead-letter': 'its-id' } },
      { ...plain, headers: { 'dead-letter': 'its-id' } },
      plain,
    ];
    await tracedLog(log, tracing).append('frames', records);
    expect(tracing.spans).toMatchObject([
      {
        name: 'send frames',
        kind: 'producer',
        parentSpanId: 'a'.repeat(16),
        attributes: { 'messaging.destination.name': 'frames' },
        ends: 1,
      },
    ]);
    expect((await appended(log)).map(({ headers }) => headers)).toEqual([
      { traceparent: tracing.spans[0]?.trace.traceparent, 'dead-letter': 'its-id' },
      { 'dead-letter': 'its-id' },
      undefined,
    ]);
  });

  test('says what could not be sent, and throws it as before', async () => {
    const tracing = createRecordedTracing();
    const outage = new Outage('Kafka', 'is away');
    const log: Log = { ...openLog(), append: () => Promise.reject(outage) };
    const sent = tracedLog(log, tracing).append('frames', [{ ...plain, headers: { traceparent: traceOf('a') } }]);
    await expect(sent).rejects.toBe(outage);
    expect(tracing.spans).toMatchObject([{ ends: 1, error: outage }]);
  });
});

describe('the span of a batch', () => {
  const place = { name: 'write events', topic: 'events', partition: 3 };
  const stored = (headers?: Record<string, string>): StoredRecord => ({
    ...plain,
    offset: 0n,
    appendedAtMs: 0,
    ...(headers && { headers }),
  });
  const of = (...texts: readonly string[]) => texts.map((traceparent) => stored({ traceparent }));

  test.each([
    ['of one record', of(traceOf('a')), 'a', []],
    ['of several of one frame', of(traceOf('a'), traceOf('a')), 'a', []],
    ['of several', of(traceOf('a'), traceOf('b'), traceOf('c'), traceOf('b')), 'a', ['b', 'c']],
    ['of those that are looked at', of(traceOf('a', '00'), traceOf('b'), traceOf('c', '00')), 'b', []],
    ['beside old and foreign records', [stored(), ...of('nonsense', traceOf('0')), ...of(traceOf('b'))], 'b', []],
  ])('is in the trace of the first, with links to the others: %s', (_, records, first, others) => {
    const tracing = createRecordedTracing();
    beginBatch(tracing, place, records)?.end();
    expect(tracing.spans).toMatchObject([
      {
        kind: 'consumer',
        parentSpanId: first.repeat(16),
        links: others.map((digit) => ({ traceparent: traceOf(digit) })),
        attributes: { 'messaging.batch.message_count': records.length, 'messaging.destination.partition.id': '3' },
      },
    ]);
  });

  test.each([
    ['of records without a trace', [stored(), stored({ 'dead-letter': 'its-id' })]],
    ['of traces that nobody looks at', of(traceOf('a', '00'), traceOf('b', '00'))],
    ['of none', []],
  ])('is not made %s', (_, records) => {
    const tracing = createRecordedTracing();
    expect(beginBatch(tracing, place, records)).toBeNull();
    expect(tracing.spans).toEqual([]);
  });

  test('has as many links as OpenTelemetry keeps', () => {
    const tracing = createRecordedTracing();
    const texts = Array.from({ length: 500 }, (_, at) => {
      const id = (at + 1).toString(16).padStart(16, '0');
      return `00-${id}${id}-${id}-01`;
    });
    beginBatch(tracing, place, of(...texts));
    expect(tracing.spans[0]?.links).toHaveLength(128);
  });
});

describe('work within a span', () => {
  test('is only done, where there is no tracing', async () => {
    await expect(within(null, 'claim', {}, async (span) => [span])).resolves.toEqual([null]);
    await expect(within(null, 'claim', {}, () => Promise.reject(new Error('as before')))).rejects.toThrow('as before');
  });

  test('ends it, well or not', async () => {
    const tracing = createRecordedTracing();
    const parent = { traceparent: traceOf('a') };
    const answer = await within(tracing, 'claim', parent, async (span) => {
      span?.note({ outcome: 'claimed' });
      return 'done';
    });
    const error = new Error('as before');
    await expect(within(tracing, 'put picture', parent, () => Promise.reject(error))).rejects.toBe(error);
    expect(answer).toBe('done');
    expect(tracing.spans).toMatchObject([
      { name: 'claim', parentSpanId: 'a'.repeat(16), attributes: { outcome: 'claimed' }, ends: 1, error: undefined },
      { name: 'put picture', parentSpanId: 'a'.repeat(16), ends: 1, error },
    ]);
  });
});
