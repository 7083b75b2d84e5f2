import type { Blobs } from '../ports/blobs/blobs.ts';
import { type ErasureNote, erasureNotesOf, readErasureNote } from '../schemas/erasure-note.ts';
import type { TurnFrame } from './line-up.ts';

/** Whether a picture that is missing was erased. */
export type IsErased = (frame: Pick<TurnFrame, 'device_id' | 'captured_at'>) => Promise<boolean>;

const DEVICES_MAX = 1_000;

/**
 * Of frames that were in the log when their pictures were erased, and are read after that: they are nothing that went
 * wrong. Whoever reads frames has no table to ask, so they go by the notes among the blobs (schemas/erasure-note.ts). Notes
 * stay, so what they said once is so; what they did not say they may say by now, since they were there before the picture
 * went, and not much longer.
 */
export function createIsErased({ blobs }: { readonly blobs: Pick<Blobs, 'get' | 'list'> }): IsErased {
  const known = new Map<string, readonly ErasureNote[]>();

  async function readNotes(deviceId: string): Promise<readonly ErasureNote[]> {
    const notes: ErasureNote[] = [];
    for await (const key of blobs.list(erasureNotesOf(deviceId))) {
      const bytes = await blobs.get(key);
      const note = bytes && readErasureNote(bytes);
      if (note) notes.push(note);
    }
    if (known.size >= DEVICES_MAX) known.clear();
    known.set(deviceId, notes);
    return notes;
  }

  return async ({ device_id, captured_at: atMs }) => {
    const isOfIt = ({ from, to }: ErasureNote) => (from === null || atMs >= from) && (to === null || atMs < to);
    return known.get(device_id)?.some(isOfIt) || (await readNotes(device_id)).some(isOfIt);
  };
}
