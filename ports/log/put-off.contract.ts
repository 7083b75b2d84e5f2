import { expect, test } from 'vitest';
import {
  type ContractPart,
  consumeUntil,
  contractTopics,
  counting,
  drain,
  isDrained,
  mine,
  pass,
  readAvailable,
  record,
  text,
  toOutput,
  until,
} from './contract-parts-under-test.ts';
import type { Subscription, Trouble } from './log.ts';

const { input, output } = contractTopics;

/** The part of the log's contract that is for readers who take less than they are given, or seldom. */
export function testPuttingOff({ log, fresh }: ContractPart): void {
  test('what a step puts off comes again, first, also after a restart, and the offset does not pass it', async () => {
    const { group, device } = fresh();
    await drain(log(), group);
    const texts = ['a', 'b', 'c', 'd'];
    await log().append(
      input,
      texts.map((value) => record(device(1), value)),
    );
    const given: string[] = [];
    /** Takes one at a time, the newest first, and dies at one of its batches, before that is committed. */
    const live = async (deathAt: number) => {
      const death = new AbortController();
      const subscription: Subscription<undefined> = {
        ...pass(group, () => []),
        step: async (state, { records }) => {
          const own = mine(records, device(1));
          if (own.length > 0) given.push(own.map(text).join(''));
          if (given.length < deathAt) return { state, outputs: own.slice(-1).map(toOutput), putOff: own.slice(0, -1) };
          death.abort();
          throw new Error('killed before the commit');
        },
      };
      const isOver = async () => death.signal.aborted || isDrained(log(), input, group);
      await Promise.all([log().consume(subscription, death.signal), until(isOver).finally(() => death.abort())]);
    };
    const lag = async () => (await log().lag(input, group)).reduce((sum, { records }) => sum + records, 0n);
    await live(3);
    expect(given).toEqual(['abcd', 'abc', 'ab']);
    expect(await lag()).toBe(4n);
    await live(5);
    expect(given.slice(3)).toEqual(['abcd', 'abc']);
    await log().append(input, [record(device(1), 'e')]);
    await live(100);
    expect(given.slice(5)).toEqual(['abcde', 'abcd', 'abc', 'ab', 'a']);
    expect((await readAvailable(log(), output, device(1))).map(text).join('')).toBe('dcdedcba');
  });

  test('no more is read than a batch may have, with what was put off', async () => {
    const { group, device } = fresh();
    await drain(log(), group);
    const texts = Array.from({ length: 30 }, (_, at) => String(at));
    await log().append(
      input,
      texts.map((value) => record(device(1), value)),
    );
    const sizes: number[] = [];
    const taken: string[] = [];
    await consumeUntil(
      log(),
      {
        ...pass(group, () => []),
        batchRecordsMax: 4,
        step: async (state, { records }) => {
          sizes.push(records.length);
          taken.push(...mine(records.slice(0, 1), device(1)).map(text));
          return { state, outputs: [], putOff: records.slice(1) };
        },
      },
      async () => taken.length === texts.length && (await isDrained(log(), input, group)),
    );
    expect(taken).toEqual(texts);
    expect(Math.max(...sizes)).toBe(4);
  });

  test('all is put off for a while, or until something else arrives, and nothing is committed', async () => {
    const { group, device } = fresh();
    await drain(log(), group);
    await log().append(input, [record(device(1), 'a')]);
    const given: string[] = [];
    const troubles: Trouble[] = [];
    const waits = [1, 3_600_000];
    await consumeUntil(
      log(),
      {
        ...pass(group, () => []),
        step: async (state, { records }) => {
          const own = mine(records, device(1));
          if (own.length > 0) given.push(own.map(text).join(''));
          const waitMs = own.length > 0 ? waits.shift() : undefined;
          if (waitMs === undefined) return { state, outputs: [] };
          if (waitMs > 1) setTimeout(() => void log().append(input, [record(device(1), 'b')]), 1);
          return { state, outputs: [], putOff: records, waitMs };
        },
        onTrouble: (trouble) => troubles.push(trouble),
      },
      async () => given.length >= 3 && (await isDrained(log(), input, group)),
    );
    expect(given).toEqual(['a', 'a', 'ab']);
    expect(troubles).toEqual([]);
  });

  test('a step that puts off all it was given, and for no time, is a fault', async () => {
    const { group, device } = fresh();
    await drain(log(), group);
    await log().append(input, [record(device(1), 'a')]);
    const troubles: Trouble[] = [];
    await consumeUntil(
      log(),
      {
        ...pass(group, () => []),
        step: async (state, { records }) => ({ state, outputs: [], putOff: records }),
        onTrouble: (trouble) => troubles.push(trouble),
      },
      async () => troubles.length > 0,
    );
    expect(troubles[0]?.error).toBeInstanceOf(TypeError);
  });

  test('batches that are to be so far apart are, and a stop does not wait for the next', async () => {
    const { group, device } = fresh();
    await drain(log(), group);
    await log().append(input, [record(device(1), 'a'), record(device(1), 'b'), record(device(1), 'c')]);
    const begunMs: number[] = [];
    const every = (batchEveryMs: number): Subscription<undefined> =>
      counting({ ...pass(group, () => []), batchRecordsMax: 1, batchEveryMs }, device(1), (count) => {
        if (count > 0) begunMs.push(performance.now());
      });
    await consumeUntil(log(), every(400), async () => begunMs.length >= 2);
    const [first = 0, second = 0] = begunMs;
    // A timer may be early by less than a millisecond.
    expect(second - first).toBeGreaterThan(398);
    await consumeUntil(log(), every(3_600_000), async () => begunMs.length >= 3);
  });
}
