import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Outage } from '../errors.ts';
import {
  collect,
  consumeUntil,
  contractTopics,
  counting,
  drain,
  isDrained,
  mine,
  pass,
  type Read,
  readAll,
  readAvailable,
  record,
  suite,
  text,
  toOutput,
  until,
} from './contract-parts-under-test.ts';
import type { Log, Output, StoredRecord, Subscription, Trouble } from './log.ts';
import { testPuttingOff } from './put-off.contract.ts';
import { testReleasing } from './released.contract.ts';

export interface LogUnderTest {
  readonly log: Log;
  /** Another process's view of the same log, where the adapter can have one: it fights for the same partitions. */
  readonly rival?: Log;
  close(): Promise<void>;
}

const { input, output, state: stateTopic } = contractTopics;

export function describeLog(name: string, create: () => Promise<LogUnderTest>): void {
  describe(`log: ${name}`, () => {
    let subject: LogUnderTest;
    let run = 0;
    beforeAll(async () => {
      subject = await create();
    });
    afterAll(() => subject.close());

    /** Groups and keys of its own for each test, since topics live as long as the log. */
    const fresh = () => {
      run += 1;
      const prefix = `run-${run}-device-`;
      return { group: `group-${suite}-${run}`, prefix, device: (number: number) => `${prefix}${number}` };
    };

    test('equal keys keep the order of their appends', async () => {
      const { group, prefix, device } = fresh();
      for (let at = 0; at < 20; at += 1) {
        await subject.log.append(input, [record(device(at % 3), `${at}`), record(device(at % 3), `${at} again`)]);
      }
      const read = await readAll(subject.log, group, prefix, 40);
      for (const number of [0, 1, 2]) {
        const expected = Array.from({ length: 20 }, (_, at) => at)
          .filter((at) => at % 3 === number)
          .flatMap((at) => [`${at}`, `${at} again`]);
        expect(read.filter(({ key }) => key === device(number)).map(text)).toEqual(expected);
      }
    });

    test('many appends at once all arrive, each record once', async () => {
      const { group, prefix, device } = fresh();
      const texts = Array.from({ length: 300 }, (_, at) => `record ${at}`);
      await Promise.all(texts.map((value, at) => subject.log.append(input, [record(device(at % 7), value)])));
      const read = await readAll(subject.log, group, prefix, 300);
      expect(read.map(text).sort()).toEqual([...texts].sort());
    });

    test('keys, bytes and headers come back as they went in', async () => {
      const { group, device } = fresh();
      const value = Buffer.from([0, 1, 2, 255, 0, 92, 120]);
      await subject.log.append(input, [{ key: device(1), value, headers: { traceparent: '00-ab', 'x"y': 'é' } }]);
      await subject.log.append(input, [{ key: device(1), value: Buffer.alloc(0) }]);
      const [first, second] = await readAll(subject.log, group, device(1), 2);
      expect(first?.value?.equals(value)).toBe(true);
      expect(first?.headers).toEqual({ traceparent: '00-ab', 'x"y': 'é' });
      expect(second?.value?.length).toBe(0);
      expect(second?.headers).toBeUndefined();
    });

    test('headers of what a step yields come through, and none where there were none', async () => {
      const { group, device } = fresh();
      const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
      const given = [{ traceparent, tracestate: 'vendor=1' }, undefined, { traceparent }];
      for (const at of given.keys()) await subject.log.append(input, [record(device(1), `${at}`)]);
      await consumeUntil(
        subject.log,
        pass(group, (records) =>
          mine(records, device(1)).map((one) => {
            const { topic, record: yielded } = toOutput(one);
            const headers = given[Number(text(one))];
            return { topic, record: { ...yielded, ...(headers && { headers }) } };
          }),
        ),
        async () => (await readAvailable(subject.log, output, device(1))).length >= given.length,
      );
      const written = await readAvailable(subject.log, output, device(1));
      expect(written.map(({ headers }) => headers)).toEqual(given);
    });

    test('a topic that is not compacted refuses a deletion', async () => {
      await expect(subject.log.append(input, [{ key: 'x', value: null }])).rejects.toThrow();
    });

    test('outputs and the offset commit together: a step that throws leaves neither, and its records come again', async () => {
      const { group, device } = fresh();
      await subject.log.append(input, [record(device(1), 'a'), record(device(1), 'b')]);
      const troubles: Trouble[] = [];
      let tries = 0;
      await consumeUntil(
        subject.log,
        {
          ...pass(group, (records) => mine(records, device(1)).map((one) => toOutput(one))),
          onTrouble: (trouble) => troubles.push(trouble),
          step: async (state, batch) => {
            const outputs = mine(batch.records, device(1)).map((one) => toOutput(one));
            if (outputs.length > 0 && tries++ < 2) throw new Outage('test', 'down');
            return { state, outputs };
          },
        },
        async () => (await readAvailable(subject.log, output, device(1))).length >= 2,
      );
      expect(troubles).toHaveLength(2);
      const written = await readAvailable(subject.log, output, device(1));
      expect(written.map(text)).toEqual(['a', 'b']);
    });

    test('a second run goes on after the first', async () => {
      const { group, device } = fresh();
      await subject.log.append(input, [record(device(1), 'first')]);
      expect((await readAll(subject.log, group, device(1), 1)).map(text)).toEqual(['first']);
      await subject.log.append(input, [record(device(1), 'second')]);
      expect((await readAll(subject.log, group, device(1), 1)).map(text)).toEqual(['second']);
    });

    test('a group that reads two topics at once has a place of its own in each', async () => {
      const { group, device } = fresh();
      await subject.log.append(input, [record(device(1), 'in')]);
      await subject.log.append(output, [record(device(1), 'out')]);
      const read: Record<string, Read[]> = { [input]: [], [output]: [] };
      await Promise.all(
        [input, output].map((topic) =>
          consumeUntil(
            subject.log,
            collect(topic, group, device(1), read[topic] ?? []),
            async () => Object.values(read).every((one) => one.length > 0) && isDrained(subject.log, topic, group),
          ),
        ),
      );
      expect(Object.values(read).map((one) => one.map(text))).toEqual([['in'], ['out']]);
    });

    test('open sees the newest changelog record of every key, and no deleted one', async () => {
      const { group, prefix, device } = fresh();
      await subject.log.append(input, [record(device(1), 'one'), record(device(2), 'one'), record(device(3), 'one')]);
      await subject.log.append(input, [record(device(1), 'two'), record(device(3), 'delete')]);
      const remember = (records: readonly StoredRecord[]) =>
        mine(records, prefix).map(
          (one): Output => ({
            topic: stateTopic,
            record: { key: `state of ${one.key}`, value: text(one) === 'delete' ? null : one.value },
          }),
        );
      let seen = 0;
      await consumeUntil(
        subject.log,
        counting({ ...pass(group, remember), changelog: stateTopic, batchRecordsMax: 1 }, prefix, (count) => {
          seen += count;
        }),
        async () => seen >= 5,
      );
      const opened = new Map<string, string>();
      await consumeUntil(
        subject.log,
        {
          ...pass(`${group}-later`, () => []),
          changelog: stateTopic,
          open: async (_taken, changelog) => {
            for await (const one of changelog)
              if (one.key.startsWith(`state of ${prefix}`)) opened.set(one.key, text(one));
            return { state: undefined };
          },
        },
        async () => opened.size >= 2,
      );
      await sleep(50);
      expect([...opened].sort()).toEqual([
        [`state of ${device(1)}`, 'two'],
        [`state of ${device(2)}`, 'one'],
      ]);
    });

    test("a reader's own place wins over the group's", async () => {
      const { group, device } = fresh();
      await subject.log.append(input, [record(device(1), 'a'), record(device(1), 'b'), record(device(1), 'c')]);
      const [, second] = await readAll(subject.log, group, device(1), 3);
      const again: string[] = [];
      await consumeUntil(
        subject.log,
        {
          ...pass(group, () => []),
          open: async ({ partition }) => ({
            state: undefined,
            ...(second?.partition === partition && { from: second.offset }),
          }),
          step: async (state, { records }) => {
            again.push(...mine(records, device(1)).map(text));
            return { state, outputs: [] };
          },
        },
        async () => again.length >= 2,
      );
      expect(again).toEqual(['b', 'c']);
    });

    test("a reader's own place that is ahead leaves no lag behind", async () => {
      const { group, device } = fresh();
      await subject.log.append(input, [record(device(1), 'a')]);
      const ends = new Map(
        (await readAvailable(subject.log, input, '')).map(({ partition, offset }) => [partition, offset + 1n]),
      );
      await consumeUntil(
        subject.log,
        {
          ...pass(group, () => []),
          open: async ({ partition }) => ({ state: undefined, from: ends.get(partition) ?? 0n }),
          step: async () => {
            throw new Error('there is nothing left to read');
          },
        },
        () => isDrained(subject.log, input, group),
      );
    });

    test('state is handed from step to step, and told once it is committed', async () => {
      const { group, device } = fresh();
      const texts = ['a', 'b', 'c', 'd'];
      await subject.log.append(
        input,
        texts.map((value) => record(device(1), value)),
      );
      const histories: string[] = [];
      const committed: string[] = [];
      const subscription: Subscription<string> = {
        topic: input,
        group,
        batchRecordsMax: 1,
        open: async () => ({ state: '' }),
        step: async (state, { records }) => {
          const next = state + mine(records, device(1)).map(text).join('');
          histories.push(next);
          return { state: next, outputs: [] };
        },
        onCommitted: ({ state, commitMs }) => {
          expect(histories).toContain(state);
          expect(commitMs).toBeGreaterThan(0);
          committed.push(state);
        },
      };
      await consumeUntil(subject.log, subscription, async () => committed.includes('abcd'));
      expect(histories.filter((history) => history !== '')).toEqual(['a', 'ab', 'abc', 'abcd']);
      expect(committed.filter((history) => history !== '')).toEqual(['a', 'ab', 'abc', 'abcd']);
    });

    test('lag counts what a group has not committed, and how long it has waited', async () => {
      const { group, device } = fresh();
      await readAll(subject.log, group, device(1), 0);
      const total = async () => (await subject.log.lag(input, group)).reduce((sum, { records }) => sum + records, 0n);
      await drain(subject.log, group);
      expect(await total()).toBe(0n);
      expect((await subject.log.lag(input, group)).every(({ ageMs }) => ageMs === 0)).toBe(true);
      await subject.log.append(input, [record(device(1), 'waits'), record(device(1), 'waits too')]);
      expect(await total()).toBe(2n);
      await drain(subject.log, group);
      expect(await total()).toBe(0n);
    });

    test('lag tells where a group stands, which moves when it commits and not when records come', async () => {
      const { group, device } = fresh();
      const places = async () =>
        new Map((await subject.log.lag(input, group)).map(({ partition, committed }) => [partition, committed]));
      expect(new Set((await places()).values())).toEqual(new Set([0n]));
      await drain(subject.log, group);
      const before = await places();
      await subject.log.append(input, [record(device(1), 'a'), record(device(1), 'b')]);
      expect(await places()).toEqual(before);
      await drain(subject.log, group);
      const moved = [...(await places())].filter(([partition, committed]) => committed !== before.get(partition));
      // Whoever has a key in one partition has moved in it alone.
      expect(moved.map(([partition, committed]) => committed - (before.get(partition) ?? 0n) >= 2n)).toEqual([true]);
    });

    test('an output to a topic that was not named is a fault, and nothing is committed', async () => {
      const { group, device } = fresh();
      await subject.log.append(input, [record(device(1), 'a')]);
      const troubles: Trouble[] = [];
      await consumeUntil(
        subject.log,
        {
          ...pass(group, (records) => mine(records, device(1)).map((one) => toOutput(one))),
          writes: [],
          onTrouble: (trouble) => troubles.push(trouble),
        },
        async () => troubles.length > 0,
      );
      expect(troubles[0]?.error).toBeInstanceOf(TypeError);
      expect(await isDrained(subject.log, input, group)).toBe(false);
      expect(await readAvailable(subject.log, output, device(1))).toEqual([]);
    });

    test('stopping commits the batch in hand', async () => {
      const { group, device } = fresh();
      await subject.log.append(input, [record(device(1), 'in hand')]);
      const abort = new AbortController();
      await subject.log.consume(
        {
          ...pass(group, (records) => mine(records, device(1)).map((one) => toOutput(one))),
          step: async (state, { records }) => {
            const found = mine(records, device(1));
            if (found.length > 0) abort.abort();
            // Longer than it takes to leave.
            await sleep(1_500);
            return { state, outputs: found.map((one) => toOutput(one)) };
          },
        },
        abort.signal,
      );
      expect((await readAvailable(subject.log, output, device(1))).map(text)).toEqual(['in hand']);
      const again: Read[] = [];
      await consumeUntil(subject.log, collect(input, group, device(1), again), () =>
        isDrained(subject.log, input, group),
      );
      expect(again).toEqual([]);
    });

    test('two owners of one partition: each record takes effect once', async () => {
      const { log, rival } = subject;
      const { group, device } = fresh();
      const texts = Array.from({ length: 40 }, (_, at) => String(at));
      for (const value of texts) await log.append(input, [record(device(1), value)]);
      const subscription: Subscription<undefined> = {
        ...pass(group, (records) => mine(records, device(1)).map((one) => toOutput(one))),
        batchRecordsMax: 3,
      };
      const abort = new AbortController();
      const owners = [log.consume(subscription, abort.signal), (rival ?? log).consume(subscription, abort.signal)];
      await until(async () => (await readAvailable(log, output, device(1))).length >= 40);
      await sleep(200);
      abort.abort();
      await Promise.all(owners);
      const written = await readAvailable(log, output, device(1));
      expect(written.map(text)).toEqual(texts);
    });

    testPuttingOff({ log: () => subject.log, fresh });
    testReleasing({ log: () => subject.log, fresh });

    // Last, since every new group reads what it leaves behind.
    test('open sees all of a large changelog', async () => {
      const { group, prefix, device } = fresh();
      const keys = Array.from({ length: 600 }, (_, at) => device(at));
      await subject.log.append(
        input,
        keys.map((key) => record(key, key)),
      );
      let seen = 0;
      const remember = (records: readonly StoredRecord[]) =>
        mine(records, prefix).map(({ key, value }): Output => ({ topic: stateTopic, record: { key, value } }));
      const subscription = { ...pass(group, remember), changelog: stateTopic };
      await consumeUntil(
        subject.log,
        counting(subscription, prefix, (count) => {
          seen += count;
        }),
        async () => seen >= keys.length,
      );
      const opened = new Set<string>();
      await consumeUntil(
        subject.log,
        {
          ...subscription,
          open: async (_taken, changelog) => {
            for await (const { key } of changelog) if (key.startsWith(prefix)) opened.add(key);
            return { state: undefined };
          },
        },
        async () => opened.size >= keys.length,
      );
      expect(opened.size).toBe(keys.length);
    });
  });
}
