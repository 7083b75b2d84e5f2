import { describe, expect, test } from 'vitest';
import { continueTrace, headersOf, isSampled, readTraceparent, traceIdOf } from './trace.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('a traceparent', () => {
  test.each([
    ['of the first version', `00-${traceId}-${spanId}-01`, '01'],
    ['that nobody looks at', `00-${traceId}-${spanId}-00`, '00'],
    ['of a later version', `cc-${traceId}-${spanId}-01`, '01'],
    ['of a later version that has more to say', `01-${traceId}-${spanId}-03-what-the-future-brings`, '03'],
  ])('%s is believed', (_, text, flags) => {
    expect(readTraceparent(text)).toEqual({ traceId, spanId, flags });
    expect(traceIdOf(text)).toBe(traceId);
    expect(continueTrace(text)).toMatchObject({
      traceId,
      traceparent: expect.stringMatching(`^00-${traceId}-[\\da-f]{16}-${flags}$`),
    });
  });

  test.each([
    ['none', undefined],
    ['empty', ''],
    ['of no trace', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['of no span', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['of the version that is none', `ff-${traceId}-${spanId}-01`],
    ['of the first version, with more behind it', `00-${traceId}-${spanId}-01-more`],
    ['with something hanging on', `00-${traceId}-${spanId}-01\n`],
    ['with something before it', ` 00-${traceId}-${spanId}-01`],
    ['in capitals', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['cut', `00-${traceId}-${spanId}`],
    ['two at once, as Kafka has them', `00-${traceId}-${spanId}-01,00-${traceId}-${spanId}-01`],
    ['of letters that are no digits', `00-${'g'.repeat(32)}-${spanId}-01`],
    ['endless', '0'.repeat(100_000)],
  ])('%s is not, and a trace begins', (_, text) => {
    expect([readTraceparent(text), traceIdOf(text)]).toEqual([null, null]);
    const begun = continueTrace(text);
    expect(begun.traceId).toMatch(/^[\da-f]{32}$/);
    expect(begun.traceId).not.toBe(traceId);
    expect(begun.traceparent).toMatch(new RegExp(`^00-${begun.traceId}-[\\da-f]{16}-00$`));
  });

  test.each([
    ['00', false],
    ['01', true],
    ['02', false],
    ['03', true],
    ['ff', true],
  ])('with the flags %s is looked at: %s', (flags, expected) => {
    expect(isSampled({ flags })).toBe(expected);
  });
});

test('a record gets a tracestate only where there is one', () => {
  const trace = { traceId, traceparent: `00-${traceId}-${spanId}-01` };
  expect(headersOf(trace)).toEqual({ traceparent: trace.traceparent });
  expect(headersOf({ ...trace, tracestate: 'a=1' })).toEqual({ traceparent: trace.traceparent, tracestate: 'a=1' });
});
