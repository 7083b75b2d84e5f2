import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixedCodec } from '../schemas/codec.ts';
import { event, frame, letter, observation } from '../schemas/records-under-test.ts';
import type { TopicName } from '../schemas/topics.ts';
import type { EventPayload } from '../schemas/types.ts';
import { type AggregatorRig, startAggregatorRig } from './rig-under-test.ts';

let rig: AggregatorRig;
beforeAll(async () => {
  rig = await startAggregatorRig();
});
afterAll(() => rig.services.stop());

interface LetterRow {
  readonly topic: string;
  readonly offset: number;
  readonly code: string;
  readonly message: string;
  readonly original_value: Buffer;
}
const lettersOf = async (topic: string) =>
  (await rig.services.rows<LetterRow>('dead_letters')).filter((row) => row.topic === topic);

async function dataOf(name: string): Promise<unknown> {
  const rows = await rig.services.rows<{ id: string; data: unknown }>('events');
  return rows.find(({ id }) => id === event(name).event_id)?.data;
}

const topics: readonly (readonly [topic: TopicName, table: string, good: Buffer])[] = [
  ['frames', 'captures', fixedCodec.encode('frame', frame(1))],
  ['backlog', 'captures', fixedCodec.encode('frame', frame(2, { lane: 'backlog' }))],
  ['observations', 'captures', fixedCodec.encode('observation', observation(3))],
  ['events', 'events', fixedCodec.encode('event', event('good'))],
  ['dead-letters', 'dead_letters', fixedCodec.encode('dead-letter', letter(5, { topic: 'elsewhere' }))],
];

test.each(topics)(
  'bytes in %s that say nothing become letters, and the partition goes on',
  async (topic, table, good) => {
    const before = (await rig.services.rows(table)).length;
    const poison = [Buffer.from('no record'), Buffer.alloc(0), Buffer.from([0, 0, 0, 9, 9, 1]), good.subarray(0, -3)];
    for (const bytes of poison) await rig.appendBytes(topic, 'camera', bytes);
    await rig.appendBytes(topic, 'camera', good);
    await rig.drain();
    const letters = (await lettersOf(topic)).sort((a, b) => a.offset - b.offset);
    expect(letters.map(({ code }) => code)).toEqual([
      'not-confluent',
      'not-confluent',
      'unknown-schema',
      'corrupt-body',
    ]);
    expect(letters.map(({ original_value }) => original_value)).toEqual(poison);
    const added = (await rig.services.rows(table)).length - before;
    expect(added).toBe(table === 'dead_letters' ? 5 : 1);
  },
);

test('a record of another kind than its topic has is passed over', async () => {
  await rig.append('events', 'frame', frame(90));
  await rig.append('events', 'event', event('after another kind'));
  await rig.drain();
  expect(await dataOf('after another kind')).toBeDefined();
});

const hostile: readonly (readonly [what: string, json: string, stored: unknown])[] = [
  ['an escaped NUL', '{"a":"x\\u0000y"}', { a: 'x\ufffdy' }],
  ['an escaped NUL in a key', '{"a\\u0000b":1}', { 'a\ufffdb': 1 }],
  ['the text of an escape, which is none', '{"a":"\\\\u0000"}', { a: '\\u0000' }],
  ['half a surrogate pair', '{"a":"\\ud83d!"}', { a: '\ufffd!' }],
  ['a whole pair, a quote and a line break', '{"a":"\\ud83d\\ude00\\"\\n"}', { a: '\u{1f600}"\n' }],
  ['a number beyond all', '{"a":1e999}', { a: null }],
  ['no JSON', '{"a":', { data_json: '{"a":' }],
  ['nothing', '', { data_json: '' }],
  ['a NUL and no JSON', '\0', { data_json: '\ufffd' }],
  ['a name that JavaScript knows', '{"__proto__":{"x":1}}', JSON.parse('{"__proto__":{"x":1}}')],
];

test.each(hostile)('an event told in JSON with %s is stored', async (what, data_json, stored) => {
  const payload: EventPayload = { kind: 'Other', data_json };
  await rig.append('events', 'event', event(what, { type: 'unknown', payload }), event(`${what}, the next`));
  await rig.drain();
  expect(await dataOf(what)).toEqual(stored);
  expect(await dataOf(`${what}, the next`)).toBeDefined();
});

test('texts with a NUL are stored without it', async () => {
  await rig.append('events', 'event', event('nul', { model: 'yolo\0v8', device_id: 'cam\0era' }));
  await rig.append('frames', 'frame', frame(50, { blob_key: 'a\0b' }));
  await rig.append('dead-letters', 'dead-letter', letter(51, { message: 'bad \0 byte', topic: 'nul' }));
  await rig.drain();
  const events = await rig.services.rows<{ model: string | null; device_id: string }>('events');
  expect(events.find(({ model }) => model === 'yolo\ufffdv8')?.device_id).toBe('cam\ufffdera');
  expect(await lettersOf('nul')).toMatchObject([{ message: 'bad \ufffd byte' }]);
});

test('a record with a value that no column takes becomes a letter; its batch is written', async () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const unstorable = [
    event('no uuid', { event_id: 'not-a-uuid' }),
    event('no time', { occurred_at: -4_503_599_627_370_496 }),
  ];
  const others = Array.from({ length: 20 }, (_, at) => event(`beside ${at}`));
  const told = [...others.slice(0, 7), ...unstorable, ...others.slice(7)];
  await rig.append('events', 'event', ...told, event('deep', { payload: { kind: 'Other', data_json: deep } }));
  const before = (await lettersOf('events')).length;
  await rig.drain();
  for (const at of others.keys()) expect(await dataOf(`beside ${at}`)).toBeDefined();
  const letters = (await lettersOf('events')).slice(before);
  expect(letters.map(({ code }) => code)).toEqual(['unstorable', 'unstorable']);
  expect(letters.map(({ original_value }) => original_value)).toEqual(
    unstorable.map((one) => fixedCodec.encode('event', one)),
  );
  expect(await dataOf('deep')).toBeDefined();
});
