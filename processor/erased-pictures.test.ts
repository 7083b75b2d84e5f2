import { expect, test } from 'vitest';
import { createMemoryBlobs } from '../ports/blobs/memory.ts';
import { createManualClock } from '../ports/clock/manual.ts';
import { type ErasureNote, erasureNoteKey } from '../schemas/erasure-note.ts';
import { createIsErased } from './erased-pictures.ts';

function noteOf(from: number): readonly [key: string, bytes: Buffer] {
  const note: ErasureNote = {
    ...{ id: '00000000-0000-4000-8000-000000000001', kind: 'person', device_id: 'cam', person_id: 'P' },
    ...{ from, to: from + 10, is_whole: true, requested_at: 0, requested_by: 'ann' },
  };
  return [erasureNoteKey(note), Buffer.from(JSON.stringify(note))];
}

test('each note is read once, and one that comes later is found', async () => {
  const blobs = createMemoryBlobs({ clock: createManualClock(0) });
  for (const from of [100, 200, 300]) await blobs.put(...noteOf(from));
  const read: string[] = [];
  const isErased = createIsErased({
    blobs: {
      list: blobs.list,
      get: (key) => {
        read.push(key);
        return blobs.get(key);
      },
    },
  });
  const asked = async (times: readonly number[]) => {
    const answers: boolean[] = [];
    for (const captured_at of times) answers.push(await isErased({ device_id: 'cam', captured_at }));
    return answers;
  };
  expect(await asked([99, 100, 109, 110, 205, 400])).toEqual([false, true, true, false, true, false]);
  expect(read).toHaveLength(3);
  await blobs.put(...noteOf(400));
  expect(await asked([400, 99])).toEqual([true, false]);
  expect(read).toHaveLength(4);
});
