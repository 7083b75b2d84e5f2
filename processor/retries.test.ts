import { describe, expect, test } from 'vitest';
import { type Failure, failuresOf, nothingWentWell, oneMore, type Retry, retryAfter, verdictOn } from './retries.ts';

const backoff = { firstMs: 500, mostMs: 30_000 };

/**
 * What happens to one frame, at which millisecond: `x` its attempt fails that was begun a millisecond before, `X` the
 * same, and another frame goes well meanwhile; `ok` another frame goes well, `other` another stage does.
 */
function live(story: string, { attemptsMax = 5, chance = 1, mayBeGivenUp = true } = {}) {
  let retry: Retry | undefined;
  let wentWellMs = nothingWentWell;
  let nowMs = 0;
  for (const [, at = '', what = ''] of story.matchAll(/(\d+) (\w+)/g)) {
    nowMs = Number(at);
    if (what === 'ok') wentWellMs = { ...wentWellMs, fetch: nowMs };
    if (what === 'other') wentWellMs = { ...wentWellMs, look: nowMs };
    if (what.toLowerCase() !== 'x') continue;
    const failuresBefore = retry ? failuresOf(retry, wentWellMs) : 0;
    if (what === 'X') wentWellMs = { ...wentWellMs, fetch: nowMs };
    const failure: Failure = {
      stage: 'fetch',
      code: 'picture-unavailable',
      message: 'away',
      mayBeGivenUp,
      beganMs: nowMs - 1,
      failedMs: nowMs,
    };
    retry = retryAfter(failure, { failuresBefore, backoff, chance });
  }
  if (!retry) throw new Error('nothing failed');
  const of = { wentWellMs, attemptsMax };
  return {
    retry,
    failures: failuresOf(retry, wentWellMs),
    verdictAt: (ms: number) => verdictOn(retry, { ...of, nowMs: ms }),
  };
}

describe('what counts', () => {
  test.each([
    ['the only frame there is', '100 x', 0],
    ['an outage, however long', '100 x, 600 x, 1100 x, 90000 x', 0],
    ['the last that went well was before', '50 ok, 100 x', 0],
    ['one that went well while it was tried', '100 X', 1],
    ['one that went well only while it was tried the last time', '100 x, 600 x, 1100 X', 1],
    ['one that went well since', '100 x, 101 ok', 1],
    ['many that went well since', '100 x, 101 ok, 102 ok', 1],
    ['of an outage that is over, one', '100 x, 600 x, 1100 x, 1200 ok', 1],
    ['each that others followed', '100 x, 150 ok, 600 x, 650 ok, 1600 x', 2],
    ['another stage that went well', '100 x, 150 other', 0],
  ])('%s', (_, story, failures) => {
    expect(live(story).failures).toBe(failures);
  });
});

describe('how long a device waits', () => {
  test.each([
    ['1 x', 500],
    ['an outage does not lengthen it: 1 x, 501 x, 1001 x', 500],
    ['1 x, 2 ok, 501 x', 1_000],
    ['1 x, 2 ok, 501 x, 502 ok, 1501 x', 2_000],
    ['1 x, 2 ok, 3 x, 4 ok, 5 x, 6 ok, 7 x, 8 ok, 9 x, 10 ok, 11 x, 12 ok, 13 x, 14 ok, 15 x', 30_000],
  ])('%s', (story, waitMs) => {
    const { failedMs } = live(story).retry.failure;
    const patient = { attemptsMax: 100 };
    expect(live(story, patient).verdictAt(failedMs)).toEqual({ kind: 'wait', ms: waitMs });
    expect(live(story, patient).verdictAt(failedMs + waitMs)).toEqual({ kind: 'try' });
    expect(live(story, { ...patient, chance: 0 }).verdictAt(failedMs)).toEqual({ kind: 'wait', ms: waitMs / 2 });
  });
});

describe('after the last attempt', () => {
  const twice = '100 x, 150 ok, 600 x';

  test('a frame is given up once that counts, and not before', () => {
    expect(live(twice, { attemptsMax: 2 }).verdictAt(2_000)).toEqual({ kind: 'try' });
    expect(live(`${twice}, 700 ok`, { attemptsMax: 2 }).verdictAt(700)).toEqual({ kind: 'give-up' });
    expect(live(`${twice}, 700 ok`, { attemptsMax: 3 }).verdictAt(2_000)).toEqual({ kind: 'try' });
  });

  test('one of which somebody else decides is not', () => {
    const told = live(`${twice}, 700 ok`, { attemptsMax: 2, mayBeGivenUp: false });
    expect(told.verdictAt(2_000)).toEqual({ kind: 'try' });
  });

  test.each([1, 2, 5])('of %d attempts one more can be granted', (attemptsMax) => {
    const story = '1 x, 2 ok, 3 x, 4 ok, 5 x, 6 ok, 7 x, 8 ok, 9 x, 10 ok';
    const wentWellMs = { ...nothingWentWell, fetch: 10 };
    const { retry, verdictAt } = live(story, { attemptsMax });
    expect(verdictAt(60_000)).toEqual({ kind: 'give-up' });
    const granted = oneMore(retry, attemptsMax);
    expect(verdictOn(granted, { nowMs: 60_000, wentWellMs, attemptsMax })).toEqual({ kind: 'try' });
    const failure = { ...retry.failure, beganMs: 60_000, failedMs: 60_001 };
    const failuresBefore = failuresOf(granted, wentWellMs);
    const again = retryAfter(failure, { failuresBefore, backoff, chance: 1 });
    const later = { ...wentWellMs, fetch: 60_002 };
    expect(verdictOn(again, { nowMs: 60_002, wentWellMs: later, attemptsMax })).toEqual({ kind: 'give-up' });
  });
});
