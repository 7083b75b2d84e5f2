import { expect, test } from 'vitest';
import { createManualClock } from '../../ports/clock/manual.ts';
import { createMemoryLog } from '../../ports/log/memory.ts';
import type { Queryable } from '../../ports/store/store.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import { deadLetterOf } from '../../schemas/dead-letter.ts';
import { frame } from '../../schemas/records-under-test.ts';
import type { DeadLetter } from '../../schemas/types.ts';
import { pictureDamages } from './damage-pictures.ts';
import { recordDamages } from './damage-records.ts';
import type { Spoilt } from './fill.ts';
import { findLetterFaults } from './letters.ts';

const dead = frame(2);
const of = { topic: 'frames', partition: 0, key: 'poison-1', blobKey: 'a.jpg' } as const;
const [record, picture]: readonly [Spoilt, Spoilt] = [
  {
    ...{ ...of, offset: 1n, frameId: frame(1).frame_id, damage: { of: 'record', damage: recordDamages[0] } },
    ...{ value: Buffer.from('abc'), whole: codec.encode('frame', frame(1)) },
  },
  {
    ...{ ...of, offset: 2n, frameId: dead.frame_id, damage: { of: 'picture', damage: pictureDamages[0] } },
    ...{ value: codec.encode('frame', dead), whole: codec.encode('frame', dead) },
  },
];

/** As the processor writes it. */
function letterOf(
  { topic, partition, offset, key, value, damage }: Spoilt,
  more: Partial<DeadLetter> = {},
): DeadLetter {
  const { code } = damage.damage;
  const why = { topic, partition, code, message: 'no good', ...(damage.of === 'picture' && { frame: dead }) };
  return { ...deadLetterOf({ offset, key, value, appendedAtMs: 0 }, why), ...more };
}

const both = [letterOf(record), letterOf(picture)];

test.each<[string, readonly DeadLetter[], readonly DeadLetter[], missing: number, extra: number]>([
  ['each once', both, both, 0, 0],
  ['none in the topic', [], both, 2, 0],
  ['one is not in the table', both, both.slice(0, 1), 1, 0],
  ['one is in the topic twice', [...both, letterOf(record)], both, 0, 1],
  ['one that nobody has spoilt', both, [...both, letterOf(record, { offset: 3 })], 0, 1],
  ['another code', both, [letterOf(record, { code: 'corrupt-body' }), letterOf(picture)], 1, 1],
  ['other bytes', [letterOf(record, { original_value: Buffer.from('abd') }), letterOf(picture)], both, 1, 1],
  ['a frame that is not told', both, [letterOf(record), letterOf(picture, { frame_id: null })], 1, 1],
])('%s', async (_, inTopic, inTable, missing, extra) => {
  const log = createMemoryLog({ partitionCount: 2, clock: createManualClock(0) });
  const records = inTopic.map((letter) => ({ key: letter.original_key, value: codec.encode('dead-letter', letter) }));
  await log.append('dead-letters', records);
  const store: Queryable = { run: async <Row extends object>() => inTable as unknown as Row[] };
  const faults = await findLetterFaults({ log, store }, [record, picture]);
  expect([faults.missing.length, faults.extra.length], JSON.stringify(faults)).toEqual([missing, extra]);
});
