import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Topic, topics } from '../schemas/topics.ts';
import { writers } from '../schemas/writers.ts';

const file = new URL('../docs/consumers.md', import.meta.url);
const text = readFileSync(file, 'utf8');

test('docs/consumers.md has the topics as they are: their key, and for how long they are kept', () => {
  const rows = new Map([...text.matchAll(/^\| `([\w-]+)` \|.*?\| ([\w ]+) \| (.+) \|$/gm)].map((row) => [row[1], row]));
  // tracker-state is the processor's own.
  const written = new Set<string>(writers.map(({ topic }) => topic).filter((topic) => topic !== 'tracker-state'));
  expect([...rows.keys()].sort()).toEqual([...written].sort());
  for (const [topic, [, , key, kept = '']] of rows) {
    const { key: expected, retentionMs }: Topic = topics[topic as keyof typeof topics];
    expect(key, topic).toBe(expected);
    if (retentionMs === null) {
      expect(kept, topic).toBe('for good, the newest');
      continue;
    }
    const [, count, unit] = /^(\d+) (days|hours)$/.exec(kept) ?? [];
    expect(Number(count) * (unit === 'days' ? 24 : 1) * 3_600_000, topic).toBe(retentionMs);
  }
  for (const [name, topic] of Object.entries<Topic>(topics)) {
    const capped = /^After that time.*?size/ms.exec(text)?.[0].includes(`\`${name}\``);
    expect(capped, `${name} is capped`).toBe(topic.retentionBytes !== undefined);
    expect(text).toContain(`\`${name}\``);
  }
});

test('what it links to is there', () => {
  const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(2);
  expect(links.filter((link) => !existsSync(new URL(link, file)))).toEqual([]);
});
