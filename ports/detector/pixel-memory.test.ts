import { expect, test } from 'vitest';
import { createPixelMemory } from './pixel-memory.ts';

test('what was given back is taken again, for one at a time', () => {
  const memory = createPixelMemory();
  const first = memory.take(12);
  memory.giveBack(first);
  memory.giveBack(first);
  const [again, other] = [memory.take(12), memory.take(12)];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test('only what is of that size', () => {
  const memory = createPixelMemory();
  memory.giveBack(memory.take(12));
  expect(memory.take(13)).toHaveLength(13);
});

test('what nobody has asked for again goes', () => {
  const memory = createPixelMemory();
  const first = memory.take(1);
  memory.giveBack(first);
  for (let bytes = 2; bytes < 100; bytes += 1) memory.giveBack(memory.take(bytes));
  expect(memory.take(1)).not.toBe(first);
});

test('threads share it', () => {
  expect(createPixelMemory().take(12).buffer).toBeInstanceOf(SharedArrayBuffer);
});
