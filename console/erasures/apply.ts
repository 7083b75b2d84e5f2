import { setTimeout as sleep } from 'node:timers/promises';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';
import { ERASURE_NOTES, type ErasureNote, readErasureNote } from '../../schemas/erasure-note.ts';
import { type CarryOutDependencies, createCarryOut } from './carry-out.ts';
import { type ErasureRow, type ErasureWanted, FIRST_STEP, listErasure } from './erasures.ts';
import { eraseReturned } from './returned-pictures.ts';

const sql = {
  known: statement(import.meta.url, './sql/known-erasures.sql'),
  listNoted: statement(import.meta.url, './sql/list-noted.sql'),
  insertDevice: statement(import.meta.url, './sql/insert-erased-device.sql'),
  markDevice: statement(import.meta.url, './sql/mark-device-erased.sql'),
  beginAgain: statement(import.meta.url, './sql/begin-again.sql'),
  countUnfinished: statement(import.meta.url, './sql/count-unfinished.sql'),
  list: statement(import.meta.url, './sql/list-erasures.sql'),
};

/** An erasure that was carried out again. */
export interface Applied {
  readonly erasure: ErasureRow;
  /** Whether the restored database had it. */
  readonly wasKnown: boolean;
  /** What there was of it now, and is gone. */
  readonly gone: Readonly<Record<string, number>>;
}

/** Another may be about it. */
const AGAIN_AFTER_MS = 250;

/**
 * After a restore: everything that was ever erased is erased again, whether the restored database knows of it, or the notes
 * among the blobs do, or somebody gives notes from elsewhere; also pictures that came back and that no row names. To be
 * called before anything else writes; where that is not certain, `settleMs` waits for what may be under way. It ends when
 * all of it is carried out, and answers every erasure there is.
 */
export async function applyErasures(
  dependencies: Omit<CarryOutDependencies, 'settleMs' | 'blobs'> & { readonly blobs: Blobs },
  { notes = [], settleMs = 0 }: { readonly notes?: readonly ErasureNote[]; readonly settleMs?: number } = {},
): Promise<readonly Applied[]> {
  const { store, blobs, clock } = dependencies;
  const noted = [...notes, ...(await readNotes(blobs))];
  const known = await store.transaction(async (within) => {
    const rows = await within.run<Pick<ErasureRow, 'id' | 'gone'>>(sql.known);
    const before = new Map(rows.map(({ id, gone }) => [id, gone]));
    for (const id of new Set(noted.map((note) => note.id))) {
      const notesOfIt = noted.filter((note) => note.id === id);
      if (!before.has(id)) await putOnList(within, notesOfIt);
      await listNoted(within, notesOfIt);
    }
    await within.run(sql.beginAgain, [FIRST_STEP, new Date(clock.nowMs())]);
    return before;
  });
  const carryOut = createCarryOut({ ...dependencies, settleMs });
  const going = new AbortController().signal;
  for (;;) {
    await carryOut.sweep(going);
    const [{ unfinished = 0 } = {}] = await store.run<{ unfinished: number }>(sql.countUnfinished);
    if (unfinished === 0) break;
    await sleep(AGAIN_AFTER_MS);
  }
  await eraseReturned({ store, blobs });
  const erasures = await store.run<ErasureRow>(sql.list, [null, null, null, 0]);
  return erasures.map((erasure) => ({
    erasure,
    wasKnown: known.has(erasure.id),
    gone: more(erasure.gone, known.get(erasure.id) ?? {}),
  }));
}

/** What a receipt says that it did not say before. */
function more(gone: ErasureRow['gone'], before: ErasureRow['gone']): Applied['gone'] {
  const grown = Object.entries(gone).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
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

/** Of one erasure, its notes. */
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

/** Of somebody of whom the database tells less than was known when they were erased, it may have more pictures. */
async function listNoted(within: Queryable, notes: readonly ErasureNote[]): Promise<void> {
  const times = notes.flatMap(({ id, kind, device_id, from, to, is_whole }) =>
    kind === 'person' && is_whole && from !== null && to !== null && from < to ? [{ id, device_id, from, to }] : [],
  );
  const [one] = times;
  if (!one) return;
  await within.run(sql.listNoted, [
    one.id,
    times.map(({ device_id }) => device_id),
    times.map(({ from }) => new Date(from)),
    times.map(({ to }) => new Date(to - 1)),
  ]);
}

function wantedOf(note: ErasureNote, devices: readonly string[]): ErasureWanted {
  const { kind, device_id: deviceId, person_id: personId, from, to } = note;
  if (kind === 'device') return { kind, deviceId };
  if (kind === 'range' && from !== null && to !== null) return { kind, deviceId, fromMs: from, toMs: to };
  if (kind === 'person' && personId !== null)
    return { kind, personId, deviceId: devices.length === 1 ? deviceId : null };
  throw new Error(`the note of the erasure ${note.id} does not say what it erases`);
}
