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
  const known = new Map<string, Map<string, ErasureNote>>();

  /** There may be a note for each time that somebody was there: those that are known are not read again for each picture. */
  async function readNotes(deviceId: string): Promise<readonly ErasureNote[]> {
    const notes = known.get(deviceId) ?? new Map<string, ErasureNote>();
    for await (const key of blobs.list(erasureNotesOf(deviceId))) {
      if (notes.has(key)) continue;
      const bytes = await blobs.get(key);
      const note = bytes && readErasureNote(bytes);
      if (note) notes.set(key, note);
    }
    if (known.size >= DEVICES_MAX) known.clear();
    known.set(deviceId, notes);
    return [...notes.values()];
  }

  return async ({ device_id, captured_at: atMs }) => {
    const isOfIt = ({ from, to }: ErasureNote) => (from === null || atMs >= from) && (to === null || atMs < to);
    return [...(known.get(device_id)?.values() ?? [])].some(isOfIt) || (await readNotes(device_id)).some(isOfIt);
  };
}
