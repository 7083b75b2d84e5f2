import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { generateAsyncapi } from './generate-asyncapi.ts';
import { readers } from './readers.ts';
import { current } from './registry.ts';
import { topics } from './topics.ts';
import { writers } from './writers.ts';

const text = readFileSync(new URL('asyncapi.yaml', import.meta.url), 'utf8');
const document = parse(text);

test('asyncapi.yaml is what `npm run schemas` writes', () => {
  expect(text).toBe(generateAsyncapi());
});

test('it has every topic as it is made, and every record as it is written', () => {
  expect(Object.keys(document.channels)).toEqual(Object.keys(topics));
  expect(document.channels.events.bindings.kafka.topicConfiguration).toEqual({
    'cleanup.policy': ['delete'],
    'retention.ms': 30 * 86_400_000,
  });
  expect(Object.keys(document.channels.frames.messages)).toEqual(['frame', 'control']);
  for (const [name, { schema }] of current) expect(document.components.messages[name].payload.schema).toEqual(schema);
});

test('it says who writes and who reads', () => {
  expect(Object.keys(document.operations)).toHaveLength(writers.length + readers.length);
  expect(document.operations['ingest-sends-frames'].action).toBe('send');
  expect(document.operations['processor-live-receives-frames'].tags).toEqual([{ name: 'processor' }]);
});

test('every reference in it leads somewhere', () => {
  const references = [...text.matchAll(/\$ref: "?(#[^"\s]+)/g)].map(([, reference = '']) => reference);
  expect(references.length).toBeGreaterThan(40);
  for (const reference of references) {
    const found = reference
      .split('/')
      .slice(1)
      .reduce((node, step) => node?.[step], document);
    expect(found, reference).toBeDefined();
  }
});
