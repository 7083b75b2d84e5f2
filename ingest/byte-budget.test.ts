import { expect, test } from 'vitest';
import { createByteBudget } from './byte-budget.ts';

test('what fits is reserved, up to the last byte', () => {
  const budget = createByteBudget(100);
  expect(budget.reserve(60)).not.toBeNull();
  expect(budget.reserve(41)).toBeNull();
  expect(budget.reserve(40)).not.toBeNull();
  expect(budget.reserve(1)).toBeNull();
  expect(budget.reserve(0)).not.toBeNull();
  expect(budget.reservedBytes).toBe(100);
});

test('nobody has more than a share of it', () => {
  const budget = createByteBudget(100, 40);
  const release = budget.reserve(40, 'slow');
  expect(budget.reserve(1, 'slow')).toBeNull();
  expect(budget.reserve(40, 'other')).not.toBeNull();
  release?.();
  expect(budget.reserve(40, 'slow')).not.toBeNull();
  expect(budget.reserve(40, 'third')).toBeNull();
});

test('what is given back is there again, once', () => {
  const budget = createByteBudget(100);
  const release = budget.reserve(100);
  budget.reserve(100);
  expect(budget.reservedBytes).toBe(100);
  release?.();
  release?.();
  expect(budget.reservedBytes).toBe(0);
  expect(budget.reserve(100)).not.toBeNull();
});
