import { prepareToTake } from '../../ports/store/prepare-to-take.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';
import type { Event, Outcome } from '../../schemas/types.ts';

interface TakenRows<Row> {
  /** There may be more, if these are as many as were wanted. */
  readonly found: number;
  readonly rows: readonly Row[];
}

export interface EventRow extends Pick<Event, 'device_id' | 'type' | 'lane'> {
  readonly occurred_at: Date;
  readonly snapshot_ordinal: number | null;
}

interface Wanted {
  readonly id: string;
  readonly devices: readonly string[];
  readonly rowsMax: number;
}

interface Due {
  readonly id: string;
  /** As text, which keeps what the column keeps. */
  readonly at: string;
  /** Of an observation: a frame may have begun a run, and have been looked at later. */
  readonly outcome?: Outcome;
}

const file = (name: string) => statement(import.meta.url, `./sql/${name}.sql`);

/** Of the device, these rows, and between which times they are. */
export function named(device: string, due: readonly Due[]): readonly unknown[] {
  const ats = due.map(({ at }) => at);
  return [device, due.map(({ id }) => id), ats, ats[0], ats.at(-1)];
}

/**
 * Rows that may lie in chunks are found first, and then go by what they are: of packed rows a hypertable unpacks all that a
 * statement may be about, and only by device and time it sees what that is. So a statement that found its rows itself would
 * unpack whatever there is of the device, for a few rows of an hour. They are found in the order of their times, and of one
 * device after the other, so that what lies between the first and the last is little.
 */
function takeRows<Row extends object = object>(
  name: string,
  more: (due: readonly Due[], erasureId: string) => readonly unknown[] = () => [],
): (within: Queryable, wanted: Wanted) => Promise<TakenRows<Row>> {
  const [find, erase] = [file(`find-${name}`), file(`erase-${name}`)];
  return async (within, { id, devices, rowsMax }) => {
    await within.run(prepareToTake);
    const rows: Row[] = [];
    let found = 0;
    for (const device of devices) {
      const due = await within.run<Due>(find, [id, device, rowsMax - found]);
      if (due.length === 0) continue;
      rows.push(...(await within.run<Row>(erase, [...named(device, due), ...more(due, id)])));
      found += due.length;
      if (found === rowsMax) break;
    }
    return { found, rows };
  };
}

export const takeEvents = takeRows<EventRow>('events');
export const takeVisits = takeRows('visits');
export const takeObservations = takeRows('observations', (due) => [due.map(({ outcome }) => outcome)]);
export const takeCaptures = takeRows('captures', (_, erasureId) => [erasureId]);

/** They take what named() gives. */
export const eraseEvents = file('erase-events');
export const eraseVisits = file('erase-visits');
/** Until the end of the transaction nobody writes what tells of a device. */
export const lockErasureList = file('lock-list');

const findDrawn = file('find-drawn');
const unname = file('unname-snapshots');

/** Events that stay, and whose pictures may show what goes: they name none any more. */
export async function unnameSnapshots(
  within: Queryable,
  { id, devices }: Omit<Wanted, 'rowsMax'>,
): Promise<readonly EventRow[]> {
  await within.run(prepareToTake);
  const all: EventRow[] = [];
  for (const device of devices) {
    const found = await within.run<EventRow & Due & { readonly is_drawn: boolean }>(findDrawn, [id, device]);
    const drawn = found.filter(({ is_drawn }) => is_drawn);
    if (drawn.length > 0) await within.run(unname, named(device, drawn));
    all.push(...found);
  }
  return all;
}
