import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCodec, fixedCodec, UndecodableRecord } from './codec.ts';
import { current, released } from './registry.ts';
import { samplesOf } from './sample.ts';
import type { Box, Control, Event, EventPayload, Frame } from './types.ts';

const { decode, encode } = fixedCodec;

const box: fc.Arbitrary<Box> = fc.record({ x: share(), y: share(), width: share(), height: share() });
const lane = fc.constantFrom('live', 'backlog');
const timeQuality = fc.constantFrom('ntp', 'uptime', 'device', 'arrival');

const frames: fc.Arbitrary<Frame> = fc.record({
  frame_id: fc.uuid(),
  device_id: fc.string({ unit: 'grapheme' }),
  epoch: fc.integer(),
  seq: long(),
  captured_at: long(),
  device_time: fc.option(long()),
  time_quality: timeQuality,
  received_at: long(),
  blob_key: fc.string(),
  size_bytes: fc.nat(),
  sha256: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
  source: fc.string(),
  lane,
});

const payloads: fc.Arbitrary<EventPayload> = fc.oneof(
  fc.record({
    kind: fc.constant('Motion'),
    score: share(),
    peak_score: share(),
    frames: fc.nat(),
    boxes: fc.array(box),
  }),
  fc.record({
    kind: fc.constant('ZoneChange'),
    zone_id: fc.string(),
    zone_name: fc.string(),
    person_id: fc.uuid(),
    stay_ms: fc.option(long()),
    box: fc.option(box),
  }),
  fc.record({ kind: fc.constant('DeviceStatus'), last_seen_at: fc.option(long()), reason: fc.option(fc.string()) }),
);

const events: fc.Arbitrary<Event> = fc.record({
  event_id: fc.uuid(),
  device_id: fc.string(),
  type: fc.constantFrom('motion', 'zone_entered', 'device_offline', 'unknown'),
  version: fc.nat(),
  occurred_at: long(),
  ended_at: fc.option(long()),
  frame_id: fc.option(fc.uuid()),
  frame_seq: fc.option(long()),
  lane,
  time_quality: timeQuality,
  model: fc.option(fc.string()),
  config_version: fc.nat(),
  payload: payloads,
});

const idOfControls = current.get('control')?.id ?? 0;

const tick: Control = {
  control_id: 'b3f1c2de-0000-4000-8000-000000000000',
  device_id: 'camera-1',
  issued_at: 1_790_000_000_000,
  body: { kind: 'TickControl', at: 1_790_000_000_500 },
};

describe('a record comes out as it went in', () => {
  test('any frame', () => {
    fc.assert(
      fc.property(frames, (value) => {
        expect(decode(encode('frame', value))).toEqual({ name: 'frame', value });
      }),
    );
  });

  test('any event', () => {
    fc.assert(
      fc.property(events, (value) => {
        expect(decode(encode('event', value))).toEqual({ name: 'event', value });
      }),
    );
  });

  test('one of several records by its kind', () => {
    const decoded = decode(encode('control', tick));
    expect(decoded).toEqual({ name: 'control', value: tick });
    // What a consumer writes: both unions narrow.
    if (decoded.name === 'control' && decoded.value.body.kind === 'TickControl') {
      expect(decoded.value.body.at).toBe(1_790_000_000_500);
    }
  });

  test('behind a zero and the id in four bytes', () => {
    expect(encode('control', tick).subarray(0, 5)).toEqual(Buffer.from([0, 0, 0, 0, idOfControls]));
  });

  test('under the ids that a schema registry gave out', () => {
    const codec = createCodec([...current.values()].map((schema) => ({ ...schema, id: schema.id + 100_000 })));
    const bytes = codec.encode('control', tick);
    expect(bytes.readInt32BE(1)).toBe(100_000 + idOfControls);
    expect(codec.decode(bytes)).toEqual({ name: 'control', value: tick });
  });
});

describe('what is not of its type is not encoded', () => {
  test.each([
    ['a missing field', { ...tick, device_id: undefined }, /device_id is undefined where string is expected/],
    ['a fraction of a millisecond', { ...tick, issued_at: 0.5 }, /issued_at is 0.5 where long is expected/],
    ['a time beyond what numbers hold exactly', { ...tick, issued_at: 2 ** 52 }, /beyond 2\^52/],
    ['one as far below', { ...tick, issued_at: -(2 ** 52) - 1 }, /beyond 2\^52/],
    ['a kind there is not', { ...tick, body: { kind: 'Nap' } }, /body is .*Nap/],
    ['no kind', { ...tick, body: { at: 1 } }, /body says no kind/],
  ])('%s', (_, value, reason) => {
    expect(() => encode('control', value as never)).toThrow(TypeError);
    expect(() => encode('control', value as never)).toThrow(reason);
  });
});

describe('what is no record is refused', () => {
  const good = encode('control', tick);

  test.each([
    ['nothing', Buffer.alloc(0), 'not-confluent'],
    ['half a header', good.subarray(0, 4), 'not-confluent'],
    ['another magic byte', Buffer.concat([Buffer.from([1]), good.subarray(1)]), 'not-confluent'],
    ['JSON', Buffer.from('{"device_id":"camera-1"}'), 'not-confluent'],
    ['an unknown id', Buffer.from([0, 127, 0, 0, 1, 0]), 'unknown-schema'],
    ['a negative id', Buffer.from([0, 255, 255, 255, 255, 0]), 'unknown-schema'],
    ['no body', good.subarray(0, 5), 'corrupt-body'],
    ['a truncated body', good.subarray(0, -1), 'corrupt-body'],
    ['trailing bytes', Buffer.concat([good, Buffer.from([0])]), 'corrupt-body'],
    [
      'text that is not UTF-8',
      Buffer.concat([good.subarray(0, 6), Buffer.from([0xff]), good.subarray(7)]),
      'corrupt-body',
    ],
  ])('%s', (_, bytes, code) => {
    expect(refusal(bytes)).toBe(code);
  });

  test('every truncation and any byte overwritten: a record or a refusal, nothing else', () => {
    for (const { id, name, schema } of released) {
      for (const value of samplesOf(schema)) {
        const bytes = encode(name, value as never);
        for (let at = 5; at < bytes.length; at += 1) {
          expect(refusal(bytes.subarray(0, at)), `schema ${id} cut at ${at}`).toBe('corrupt-body');
          for (const byte of [0, 0x7f, 0x80, 0xff]) {
            const broken = Buffer.from(bytes);
            broken[at] = byte;
            expect(['corrupt-body', null]).toContain(refusal(broken));
          }
        }
      }
    }
  });

  test('any bytes: what decodes can be encoded again', () => {
    const ids = fc.constantFrom(...released.map(({ id }) => id));
    fc.assert(
      fc.property(ids, fc.uint8Array({ maxLength: 300 }), (id, body) => {
        const bytes = Buffer.concat([Buffer.from([0, 0, 0, 0, id]), body]);
        if (refusal(bytes) !== null) return;
        const { name, value } = decode(bytes);
        expect(decode(encode(name, value as never)).value).toEqual(value);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('lengths that lie cost nothing', () => {
  const motion: EventPayload = { kind: 'Motion', score: 0, peak_score: 0, frames: 1, boxes: [] };
  const [sample] = samplesOf(current.get('event')?.schema ?? never());
  // The last byte is the end of the empty list of boxes.
  const beforeBoxes = encode('event', { ...sample, payload: motion } as never).subarray(0, -1);

  test.each([
    ['two billion items', [0xfe, 0xff, 0xff, 0xff, 0x0f]],
    ['2^52 items', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ['a block of two billion items', [0xff, 0xff, 0xff, 0xff, 0x0f, 0x02]],
    ['a block that leads backwards', [0x01, 0xff, 0x01]],
    ['a number without an end', new Array(100_000).fill(0x80)],
  ])('%s', (_, lie) => {
    const started = process.hrtime.bigint();
    const heapBefore = process.memoryUsage().heapUsed;
    expect(refusal(Buffer.concat([beforeBoxes, Buffer.from(lie), Buffer.alloc(1_000)]))).toBe('corrupt-body');
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(16 * 1024 ** 2);
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(500);
  });

  test('a string of two gigabytes', () => {
    expect(refusal(Buffer.from([0, 0, 0, 0, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 65]))).toBe('corrupt-body');
  });

  test('a list in blocks, as other writers split it, is read', () => {
    const one = Buffer.alloc(32);
    const blocks = Buffer.concat([Buffer.from([0x02]), one, Buffer.from([0x01, 0x40]), one, Buffer.from([0])]);
    const decoded = decode(Buffer.concat([beforeBoxes, blocks]));
    expect(decoded.value).toMatchObject({ payload: { boxes: [{ x: 0 }, { x: 0 }] } });
  });
});

function refusal(bytes: Buffer): string | null {
  try {
    decode(bytes);
    return null;
  } catch (error) {
    if (error instanceof UndecodableRecord) return error.code;
    throw error;
  }
}

function share() {
  return fc.double({ min: 0, max: 1, noNaN: true });
}

function long() {
  return fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 });
}

function never(): never {
  throw new Error('there is a schema for events');
}
