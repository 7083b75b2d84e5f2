import { prepareToTake } from '../../ports/store/prepare-to-take.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable, Statement } from '../../ports/store/store.ts';
import type { Outcome } from '../../schemas/types.ts';
import type { ClassName, Scope } from './limits.ts';

/** What is kept beyond its limit, since something still needs it. */
export interface Holds {
  /** A frame that came since then, and waits for its analysis, stays. */
  readonly unanalysedSince: Date;
  /** One that came since then stays for as long as a snapshot may be drawn of it. */
  readonly undrawnSince: Date;
  /** Of events of these types. */
  readonly drawnTypes: readonly string[];
}

export interface Batch {
  readonly before: Date;
  readonly scope: Scope;
  readonly rowsMax: number;
  readonly holds: Holds;
  readonly now: Date;
}

export interface Gone {
  readonly rows: number;
  readonly bytes: number;
}

/** How rows of a class go. */
export interface RetentionClass {
  readonly name: ClassName;
  /** Of which it takes rows; a row may go with another's. */
  readonly tables: readonly string[];
  /** Whether devices may have a time of their own for it. */
  readonly ofDevices?: boolean;
  /** Whether events may still be told, or drawn, of it. */
  readonly isSource?: boolean;
  /** By which views hours are summed up of its rows: these are to be kept before the rows go. */
  readonly sums?: readonly string[];
  /** The table that may lie in chunks. */
  readonly inChunks?: string;
  /** Takes the oldest, at most as many as may be, in the transaction given. */
  take(transaction: Queryable, batch: Batch): Promise<Gone>;
}

const NOTHING: Gone = { rows: 0, bytes: 0 };
const file = (name: string) => statement(import.meta.url, `./sql/${name}.sql`);

const ofAll = ({ before, rowsMax }: Batch) => [before, rowsMax];
const ofDevice = ({ before, scope, rowsMax }: Batch) => [before, scope.deviceId, scope.except, rowsMax];
const ofFrames =
  ({ picturesOnly }: { readonly picturesOnly: boolean }) =>
  (batch: Batch) => {
    const { unanalysedSince, undrawnSince, drawnTypes } = batch.holds;
    return [...ofDevice(batch), unanalysedSince, undrawnSince, picturesOnly, drawnTypes];
  };

/** By one statement. */
function atOnce(name: ClassName, values: (batch: Batch) => readonly unknown[]): RetentionClass['take'] {
  const expire = file(`expire-${name}`);
  return async (transaction, batch) => (await transaction.run<Gone>(expire, values(batch)))[0] ?? NOTHING;
}

interface Due {
  readonly id: string;
  /** As text, which keeps what the column keeps. */
  readonly at: string;
  readonly key: string | null;
  readonly size_bytes: number | null;
  /** Of an observation: a frame may have begun a run, and have been looked at later. */
  readonly outcome: Outcome | null;
}

/**
 * Found first and then taken by what they are: a hypertable unpacks compressed rows before it deletes them, all that a
 * statement may be about, and a statement that looks for them itself may then not find them.
 */
function inTwo(
  name: ClassName,
  values: (batch: Batch) => readonly unknown[],
  more: (due: readonly Due[], batch: Batch) => readonly unknown[] = () => [],
  { asDue = name }: { readonly asDue?: ClassName } = {},
): RetentionClass['take'] {
  const [find, take]: readonly [Statement, Statement] = [file(`due-${asDue}`), file(`take-${name}`)];
  return async (transaction, batch) => {
    await transaction.run(prepareToTake);
    const due = await transaction.run<Due>(find, values(batch));
    if (due.length === 0) return NOTHING;
    const ats = due.map(({ at }) => at);
    const taken = [due.map(({ id }) => id), ats, ats[0], ats.at(-1), ...more(due, batch)];
    return (await transaction.run<Gone>(take, taken))[0] ?? NOTHING;
  };
}

/** What more goes with a class, each at most as many as may be. */
function and(take: RetentionClass['take'], other: string): RetentionClass['take'] {
  const takeOther = file(other);
  return async (transaction, batch) => {
    const gone = await take(transaction, batch);
    const [more = NOTHING] = await transaction.run<Gone>(takeOther, [...ofDevice(batch), batch.now]);
    return { rows: gone.rows + more.rows, bytes: gone.bytes + more.bytes };
  };
}

const keys = (due: readonly Due[]) => due.map(({ key }) => key);
const sizes = (due: readonly Due[]) => due.map(({ size_bytes }) => size_bytes);

/** In this order: what holds others before them, and what takes the most room first. */
export const classes: readonly RetentionClass[] = [
  { name: 'dead-letters', tables: ['dead_letters', 'dead_letter_actions'], take: atOnce('dead-letters', ofAll) },
  {
    name: 'frames',
    tables: [],
    ofDevices: true,
    isSource: true,
    take: inTwo('frames', ofFrames({ picturesOnly: true }), (due, { now }) => [keys(due), sizes(due), now], {
      asDue: 'captures',
    }),
  },
  {
    name: 'captures',
    tables: ['captures'],
    inChunks: 'captures',
    ofDevices: true,
    isSource: true,
    take: inTwo('captures', ofFrames({ picturesOnly: false }), (_, { now }) => [now]),
  },
  {
    name: 'observations',
    tables: ['observations'],
    inChunks: 'observations',
    ofDevices: true,
    take: inTwo('observations', ofDevice, (due) => [due.map(({ outcome }) => outcome)]),
  },
  {
    name: 'events',
    tables: ['events', 'event_days', 'event_months', 'occupancy_changes', 'occupancy_days', 'deleted_events'],
    inChunks: 'events',
    sums: ['zones_hourly', 'crowds_hourly'],
    ofDevices: true,
    take: and(
      inTwo('events', ofDevice, (_, { now }) => [now]),
      'take-deleted-events',
    ),
  },
  {
    name: 'snapshots',
    tables: [],
    ofDevices: true,
    take: and(
      inTwo('snapshots', ofDevice, (due, { now }) => [keys(due), now]),
      'take-deleted-snapshots',
    ),
  },
  {
    name: 'visits',
    tables: ['visits'],
    inChunks: 'visits',
    sums: ['visits_hourly'],
    ofDevices: true,
    take: inTwo('visits', ofDevice),
  },
  {
    name: 'rollups',
    tables: ['event_counts', 'visits_hourly_kept', 'zones_hourly_kept', 'crowds_hourly_kept'],
    take: atOnce('rollups', ofAll),
  },
  { name: 'claims', tables: ['frame_claims'], ofDevices: true, take: atOnce('claims', ofDevice) },
  { name: 'outcomes', tables: ['ingest_outcomes', 'outcome_writers'], take: atOnce('outcomes', ofAll) },
  { name: 'audit', tables: ['audit_log'], take: atOnce('audit', ofAll) },
  { name: 'receipts', tables: ['retention_runs', 'checks'], take: atOnce('receipts', ofAll) },
  { name: 'sessions', tables: ['sessions', 'pairings', 'seen_signatures'], take: atOnce('sessions', ofAll) },
];

/** What does not go by itself, and why: with these, the classes have every table. */
export const kept: Readonly<Record<string, string>> = {
  config_versions: 'which configuration applied is told of events for as long as there are any',
  consumer_offsets: 'where the aggregator stands',
  dead_letter_action_letters: 'goes with its action',
  device_boots: 'a few for each device, by which the times of late frames are told',
  device_heartbeats: 'one for each device',
  devices: 'its id is never another owner’s',
  dropped_ranges: 'of the ledger: of what is missing, that it was given up',
  erasure_leftovers: 'is worked off',
  erasure_list: 'what nobody may bring back, for good',
  erasures: 'that it was erased, and by whom',
  event_feed: 'a day of it: who adds to it lets go what is older',
  event_numbers: 'a row for a thousand events, by which one is found; it says of no device',
  expired_blobs: 'is worked off',
  last_observations: 'one for each device and lane',
  ledger_duplicates: 'of the ledger, a row for an hour',
  ledger_hours: 'of the ledger, a row for an hour; what an hour issued is told from all before it',
  listening: 'one for each service',
  migrations: 'which migrations were run',
  rollups_kept_until: 'a few for each device that has times of its own',
  seq_blocks: 'of the ledger: a row for 4,096 frames',
  sites: 'until somebody deletes it',
  users: 'until somebody deletes them',
};
