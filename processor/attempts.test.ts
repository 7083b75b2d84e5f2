import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAttempts, createWentWell, Failed, type Told } from './attempts.ts';
import { Doubted } from './fetch-picture.ts';
import { frameOf } from './frames-under-test.ts';

const first = frameOf({ seq: 0, atMs: 0 });
const second = frameOf({ seq: 1, atMs: 200 });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp({ attemptsMax = 3 } = {}) {
  const told: string[] = [];
  const tell = ({ seq }: { readonly seq: number }, { state, attempts: count }: Told) =>
    void told.push(`${seq} ${state} ${count}`);
  let nowMs = 0;
  const attempts = createAttempts({
    attemptsMax,
    wentWell: createWentWell(),
    tell,
    onRetry: () => undefined,
    random: () => 1,
    monotonicMs: () => nowMs,
  });
  const go = (ms: number) => {
    nowMs += ms;
  };
  const fail = async (frame = first, error: Error = new Error('away')) => {
    const failed = await attempts.make('fetch', frame, () => Promise.reject(error)).catch((caught: unknown) => caught);
    if (!(failed instanceof Failed)) throw failed;
    attempts.wait(failed, BigInt(frame.seq));
    go(1);
  };
  const succeed = async (frame = second, result: object = {}) => {
    await attempts.make('fetch', frame, async () => result);
    go(1);
  };
  const waitMs = (offset: bigint) => attempts.waitMsOf({ key: first.device_id, offset });
  return { attempts, told, go, fail, succeed, waitMs };
}

describe('an attempt', () => {
  test('of milliseconds is not told of, and one of more than a second is, while it lasts', async () => {
    const { attempts, told, succeed } = setUp();
    await succeed();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual([]);
    let letGo = () => {};
    const made = attempts.make('look', first, () => new Promise<object>((settle) => (letGo = () => settle({}))));
    await vi.advanceTimersByTimeAsync(999);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual(['0 running 1']);
    letGo();
    await made;
  });

  test('that has come to count since the batch began counts in what is given up', async () => {
    const { attempts, told, fail, succeed } = setUp({ attemptsMax: 2 });
    await fail();
    await succeed();
    attempts.review();
    await fail();
    await succeed();
    expect(attempts.givenUp(first)).toEqual({ code: 'picture-unavailable', message: 'away' });
    expect(attempts.failuresOf(first)).toBe(2);
    expect(told).toEqual(['0 failed 1', '0 running 2', '0 failed 2']);
  });

  test('that an outage repeats is told of once', async () => {
    const { attempts, told } = setUp();
    for (let times = 0; times < 3; times += 1) {
      const made = attempts.make('fetch', first, async () => {
        await vi.advanceTimersByTimeAsync(1_000);
        throw new Error('away');
      });
      await made.catch((failed: Failed) => attempts.wait(failed, 0n));
    }
    expect(told).toEqual(['0 running 1']);
  });

  test('is told of anew where the frame comes again after what it came to is committed, as when it is redriven', async () => {
    const { attempts, told } = setUp();
    const makeSlowly = () =>
      attempts.make('look', first, async () => {
        await vi.advanceTimersByTimeAsync(1_000);
        return {};
      });
    await makeSlowly();
    attempts.settle([first]);
    await makeSlowly();
    expect(told).toEqual(['0 running 1', '0 running 1']);
  });

  test('that fails is told of once that counts, and the next one as it begins', async () => {
    const { attempts, told, fail, succeed, waitMs } = setUp();
    await fail();
    attempts.review();
    expect(told).toEqual([]);
    await succeed();
    waitMs(0n);
    expect(told, 'to ask how long a device waits tells nothing').toEqual([]);
    attempts.review();
    attempts.review();
    expect(told).toEqual(['0 failed 1']);
    await fail();
    expect(told).toEqual(['0 failed 1', '0 running 2']);
  });
});

describe('a device', () => {
  test('waits from the record on by which it came to be the turn of its frame', async () => {
    const { fail, go, waitMs } = setUp();
    await fail(second);
    expect([0n, 1n, 2n].map(waitMs)).toEqual([0, 499, 499]);
    go(499);
    expect([0n, 1n, 2n].map(waitMs)).toEqual([0, 0, 0]);
  });

  test('waits for nothing once what the frame came to is committed', async () => {
    const { attempts, fail, waitMs } = setUp();
    await fail();
    attempts.settle([first]);
    expect(waitMs(0n)).toBe(0);
    expect(attempts.failuresOf(first)).toBe(0);
  });
});

describe('a frame', () => {
  test('is given up with what the last attempt failed of, until that is committed', async () => {
    const { attempts, fail, succeed } = setUp();
    for (let times = 0; times < 3; times += 1) {
      expect(attempts.givenUp(first)).toBeNull();
      await fail(first, new Error(`away ${times}`));
      await succeed();
    }
    expect(attempts.givenUp(first)).toEqual({ code: 'picture-unavailable', message: 'away 2' });
    attempts.reconsider();
    expect(attempts.givenUp(first)).toBeNull();
    attempts.settle([first]);
    expect(attempts.givenUp(first)).toBeNull();
  });

  test('whose picture is missing, or was had by itself, is no sign against another, nor against itself', async () => {
    const { attempts, fail, succeed } = setUp({ attemptsMax: 1 });
    await fail();
    await succeed(second, { code: 'picture-missing' });
    expect(attempts.givenUp(first)).toBeNull();
    await succeed(first);
    expect(attempts.givenUp(first)).toBeNull();
  });

  test('of which something else came than was stored is not given up by counting', async () => {
    const { attempts, fail, succeed } = setUp();
    for (let times = 0; times < 10; times += 1) {
      await fail(first, new Doubted('the picture', 'a page came'));
      await succeed();
      attempts.review();
    }
    expect(attempts.givenUp(first)).toBeNull();
    expect(attempts.failuresOf(first)).toBe(10);
  });
});
