import { expect, test } from 'vitest';
import { Outage } from '../errors.ts';
import {
  type ContractPart,
  consumeUntil,
  contractTopics,
  drain,
  mine,
  pass,
  record,
  text,
} from './contract-parts-under-test.ts';
import type { Released, Subscription, Trouble } from './log.ts';

const { input } = contractTopics;

/** The part of the log's contract that is for readers who keep something of a partition outside its state. */
export function testReleasing({ log, fresh }: ContractPart): void {
  test('a partition is released once, when it is left and not at an outage, with the state it is left in', async () => {
    const { group, device } = fresh();
    await drain(log(), group);
    await log().append(input, [record(device(1), 'a'), record(device(1), 'b')]);
    const leave = new AbortController();
    const held = new Map<number, string>();
    const released: Released<string>[] = [];
    let tries = 0;
    let releasedBefore: number | null = null;
    const subscription: Subscription<string> = {
      topic: input,
      group,
      batchRecordsMax: 1,
      open: async ({ partition }) => {
        held.set(partition, 'opened');
        return { state: 'opened' };
      },
      step: async (state, { records }) => {
        const texts = mine(records, device(1)).map(text);
        if (texts.includes('b')) {
          tries += 1;
          if (tries < 3) throw new Outage('test', 'down');
          releasedBefore = released.length;
          leave.abort();
        }
        return { state: [state, ...texts].join(' '), outputs: [] };
      },
      onCommitted: ({ partition, state }) => void held.set(partition, state),
      onReleased: (one) => released.push(one),
    };
    await log().consume(subscription, leave.signal);
    expect(releasedBefore).toBe(0);
    expect([...held.values()]).toContain('opened b');
    expect(released.map(({ partition, state }) => [partition, state]).toSorted()).toEqual([...held].toSorted());
  });

  test('a partition that could not be opened is not released', async () => {
    const { group } = fresh();
    const troubles: Trouble[] = [];
    const released: Released<undefined>[] = [];
    await consumeUntil(
      log(),
      {
        ...pass(group, () => []),
        open: async () => {
          throw new Outage('test', 'down');
        },
        onTrouble: (trouble) => troubles.push(trouble),
        onReleased: (one) => released.push(one),
      },
      async () => troubles.length > 0,
    );
    expect(released).toEqual([]);
  });
}
