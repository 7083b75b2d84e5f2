import type { Blobs } from '../ports/blobs/blobs.ts';
import { type ErasureNote, erasureNotesOf, readErasureNote } from '../schemas/erasure-note.ts';
import type { TurnFrame } from './line-up.ts';

/** Whether a picture that is missing was erased. */
export type IsErased = (frame: Pick<TurnFrame, 'device_id' | 'captured_at'>) => Promise<boolean>;

/** So long a device's notes are believed: they are in place before the first picture goes. */
const BELIEVED_MS = 1_000;
const DEVICES_MAX = 1_000;

/**
 * Of frames that were in the log when their pictures were erased, and are read after that: they are nothing that went
 * wrong. Whoever reads frames has no table to ask, so they go by the notes among the blobs (schemas/erasure-note.ts).
 */
export function createIsErased({
  blobs,
  monotonicMs = () => performance.now(),
}: {
  readonly blobs: Pick<Blobs, 'get' | 'list'>;
  readonly monotonicMs?: () => number;
}): IsErased {
  const known = new Map<string, { readonly notes: readonly ErasureNote[]; readonly readAtMs: number }>();

  async function notesOf(deviceId: string): Promise<readonly ErasureNote[]> {
    const nowMs = monotonicMs();
    const before = known.get(deviceId);
    if (before && nowMs - before.readAtMs < BELIEVED_MS) return before.notes;
    const notes: ErasureNote[] = [];
    for await (const key of blobs.list(erasureNotesOf(deviceId))) {
      const bytes = await blobs.get(key);
      const note = bytes && readErasureNote(bytes);
      if (note) notes.push(note);
    }
    if (known.size >= DEVICES_MAX) known.clear();
    known.set(deviceId, { notes, readAtMs: nowMs });
    return notes;
  }

  return async ({ device_id, captured_at: atMs }) =>
    (await notesOf(device_id)).some(({ from, to }) => (from === null || atMs >= from) && (to === null || atMs < to));
}
