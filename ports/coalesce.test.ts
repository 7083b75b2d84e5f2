import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { coalesce } from './coalesce.ts';
import { Outage } from './errors.ts';

/** Answers ten times each number; remembers what went together. */
function createWork(fault: (numbers: readonly number[]) => Error | null = () => null) {
  const groups: (readonly number[])[] = [];
  let atOnce = 0;
  const work = async (numbers: readonly number[]) => {
    groups.push(numbers);
    atOnce += 1;
    expect(atOnce).toBe(1);
    await sleep(1);
    atOnce -= 1;
    const error = fault(numbers);
    if (error) throw error;
    return numbers.map((number) => number * 10);
  };
  return { work, groups };
}

test('calls of one turn go together, those that come meanwhile too, in their order; one that comes alone goes at once', async () => {
  const { work, groups } = createWork();
  const call = coalesce(work, 100);
  const first = [1, 2].map(call);
  while (groups.length === 0) await nextTurn();
  expect(await Promise.all([...first, ...[3, 4].map(call)])).toEqual([10, 20, 30, 40]);
  expect(groups).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(await call(5)).toBe(50);
  expect(groups).toHaveLength(3);
});

test('calls that are in no hurry wait for those that come soon', async () => {
  const { work, groups } = createWork();
  const call = coalesce(work, 3, { gatherMs: 50 });
  const first = call(1);
  await sleep(10);
  expect(await Promise.all([first, call(2)])).toEqual([10, 20]);
  expect(groups).toEqual([[1, 2]]);
  expect(await Promise.all([3, 4, 5, 6].map(call))).toEqual([30, 40, 50, 60]);
  expect(groups).toEqual([[1, 2], [3, 4, 5], [6]]);
});

test('no group is larger than the limit', async () => {
  const { work, groups } = createWork();
  const call = coalesce(work, 3);
  expect(await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(call))).toEqual([10, 20, 30, 40, 50, 60, 70, 80]);
  expect(groups).toEqual([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8],
  ]);
});

test('what one item has wrong with it fails that item alone', async () => {
  const { work, groups } = createWork((numbers) => (numbers.includes(3) ? new TypeError('three is bad') : null));
  const call = coalesce(work, 100);
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map(call));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(groups).toEqual([[1, 2, 3, 4], [1], [2], [3], [4]]);
});

test('an outage fails all it met, and is not tried item by item; the next call is tried anew', async () => {
  let down = true;
  const { work, groups } = createWork(() => (down ? new Outage('it is unplugged', 'ECONNREFUSED') : null));
  const call = coalesce(work, 100);
  const outcomes = await Promise.allSettled([1, 2, 3].map(call));
  expect(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason instanceof Outage)).toBe(true);
  expect(groups).toEqual([[1, 2, 3]]);
  down = false;
  expect(await call(4)).toBe(40);
});

test('work that throws before it waits fails its calls, not those after it', async () => {
  let calls = 0;
  const call = coalesce<number, number>((numbers) => {
    calls += 1;
    if (calls === 1) throw new TypeError('at once');
    return Promise.resolve(numbers);
  }, 10);
  await expect(call(1)).rejects.toThrow('at once');
  expect(await call(2)).toBe(2);
});
