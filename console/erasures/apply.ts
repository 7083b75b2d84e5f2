import type { Blobs } from '../../ports/blobs/blobs.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';
import { ERASURE_NOTES, type ErasureNote, readErasureNote } from '../../schemas/erasure-note.ts';
import { type CarryOutDependencies, createCarryOut } from './carry-out.ts';
import { type ErasureWanted, FIRST_STEP, listErasure } from './erasures.ts';

const sql = {
  known: statement(import.meta.url, './sql/known-erasures.sql'),
  insertDevice: statement(import.meta.url, './sql/insert-erased-device.sql'),
  markDevice: statement(import.meta.url, './sql/mark-device-erased.sql'),
  beginAgain: statement(import.meta.url, './sql/begin-again.sql'),
  countUnfinished: statement(import.meta.url, './sql/count-unfinished.sql'),
};

/**
 * After a restore: everything that was ever erased is erased again, whether the restored database knows of it, or the notes
 * among the blobs do, or somebody gives notes from elsewhere. To be called before anything else writes; it ends when all of
 * it is carried out. Answers how many erasures there are.
 */
export async function applyErasures(
  dependencies: Omit<CarryOutDependencies, 'settleMs' | 'blobs'> & { readonly blobs: Blobs },
  { notes = [] }: { readonly notes?: readonly ErasureNote[] } = {},
): Promise<number> {
  const { store, blobs, clock } = dependencies;
  const noted = [...notes, ...(await readNotes(blobs))];
  const total = await store.transaction(async (within) => {
    const known = new Set((await within.run<{ id: string }>(sql.known)).map(({ id }) => id));
    for (const id of new Set(noted.map((note) => note.id))) {
      if (known.has(id)) continue;
      await putOnList(
        within,
        noted.filter((note) => note.id === id),
      );
      known.add(id);
    }
    await within.run(sql.beginAgain, [FIRST_STEP, new Date(clock.nowMs())]);
    return known.size;
  });
  // Nothing is under way that would have to be waited for.
  const carryOut = createCarryOut({ ...dependencies, settleMs: 0 });
  const going = new AbortController().signal;
  for (let unfinished = total; unfinished > 0; ) {
    await carryOut.sweep(going);
    [{ unfinished = 0 } = {}] = await store.run<{ unfinished: number }>(sql.countUnfinished);
  }
  return total;
}

async function readNotes(blobs: Pick<Blobs, 'get' | 'list'>): Promise<readonly ErasureNote[]> {
  const notes: ErasureNote[] = [];
  for await (const key of blobs.list(ERASURE_NOTES)) {
    const bytes = await blobs.get(key);
    const note = bytes && readErasureNote(bytes);
    if (!note) throw new Error(`${key} is no note of an erasure, and what it says is to be erased is not known`);
    notes.push(note);
  }
  return notes;
}

/** Of one erasure, its notes: one for each device. */
async function putOnList(within: Queryable, notes: readonly ErasureNote[]): Promise<void> {
  const [note] = notes;
  if (!note) return;
  const devices = [...new Set(notes.map(({ device_id }) => device_id))];
  const by = { id: null, username: note.requested_by };
  const { id, requested_at: requestedAtMs } = note;
  await listErasure(within, { ...wantedOf(note, devices), id, devices, requestedAtMs, by });
  if (note.kind !== 'device') return;
  const values = [note.device_id, new Date(requestedAtMs)];
  await within.run(sql.insertDevice, values);
  await within.run(sql.markDevice, values);
}

function wantedOf(note: ErasureNote, devices: readonly string[]): ErasureWanted {
  const { kind, device_id: deviceId, person_id: personId, from, to } = note;
  if (kind === 'device') return { kind, deviceId };
  if (kind === 'range' && from !== null && to !== null) return { kind, deviceId, fromMs: from, toMs: to };
  if (kind === 'person' && personId !== null)
    return { kind, personId, deviceId: devices.length === 1 ? deviceId : null };
  throw new Error(`the note of the erasure ${note.id} does not say what it erases`);
}
