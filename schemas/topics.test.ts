import { expect, test } from 'vitest';
import { current } from './registry.ts';
import { type Topic, topics } from './topics.ts';

test('every record travels in a topic', () => {
  const carried = new Set(Object.values<Topic>(topics).flatMap((topic) => topic.records));
  expect([...carried].sort()).toEqual([...current.keys()].sort());
});

test('only a compacted topic keeps its records whatever their age', () => {
  for (const topic of Object.values<Topic>(topics)) {
    expect(topic.retentionMs === null).toBe(topic.cleanup === 'compact');
  }
});
