import { statement } from '../../ports/store/statement.ts';
import type { Statement } from '../../ports/store/store.ts';
import type { ClassName, Scope } from './limits.ts';

/** What is kept beyond its limit, since something still needs it. */
export interface Holds {
  /** A frame that came since then, and waits for its analysis, stays. */
  readonly unanalysedSince: Date;
  /** One that came since then stays for as long as a snapshot may be drawn of it. */
  readonly undrawnSince: Date;
}

export interface Batch {
  readonly before: Date;
  readonly scope: Scope;
  readonly rowsMax: number;
  readonly holds: Holds;
  readonly now: Date;
}

/** How rows of a class go: a statement that takes a batch of the oldest and says what it took. */
export interface RetentionClass {
  readonly name: ClassName;
  /** Of which it takes rows; a row may go with another's. */
  readonly tables: readonly string[];
  /** Whether devices may have a time of their own for it. */
  readonly ofDevices: boolean;
  /** Whether events may still be told, or drawn, of it. */
  readonly isSource?: boolean;
  readonly expire: Statement;
  values(batch: Batch): readonly unknown[];
}

const expire = (name: ClassName) => statement(import.meta.url, `./sql/expire-${name}.sql`);

const ofDevice = ({ before, scope, rowsMax }: Batch) => [before, scope.deviceId, scope.except, rowsMax];
const ofFrames = (batch: Batch) => [
  ...ofDevice(batch),
  batch.holds.unanalysedSince,
  batch.holds.undrawnSince,
  batch.now,
];
const withBlobs = (batch: Batch) => [...ofDevice(batch), batch.now];
const ofAll = ({ before, rowsMax }: Batch) => [before, rowsMax];

/** In this order: what takes the most room first, and what holds others before them. */
export const classes: readonly RetentionClass[] = [
  { name: 'dead-letters', tables: ['dead_letters', 'dead_letter_actions'], ofDevices: false, values: ofAll },
  { name: 'frames', tables: [], ofDevices: true, isSource: true, values: ofFrames },
  { name: 'captures', tables: ['captures'], ofDevices: true, isSource: true, values: ofFrames },
  { name: 'observations', tables: ['observations'], ofDevices: true, values: ofDevice },
  { name: 'events', tables: ['events', 'occupancy_changes'], ofDevices: true, values: withBlobs },
  { name: 'snapshots', tables: [], ofDevices: true, values: withBlobs },
  { name: 'visits', tables: ['visits'], ofDevices: true, values: ofDevice },
  { name: 'rollups', tables: ['event_counts'], ofDevices: false, values: ofAll },
  { name: 'claims', tables: ['frame_claims'], ofDevices: true, values: ofDevice },
  { name: 'outcomes', tables: ['ingest_outcomes', 'outcome_writers'], ofDevices: false, values: ofAll },
  { name: 'audit', tables: ['audit_log'], ofDevices: false, values: ofAll },
  { name: 'receipts', tables: ['retention_runs', 'checks'], ofDevices: false, values: ofAll },
  { name: 'sessions', tables: ['sessions', 'pairings', 'seen_signatures'], ofDevices: false, values: ofAll },
].map((one) => ({ ...one, expire: expire(one.name as ClassName) }) as RetentionClass);

/** What does not go by itself, and why: with these, the classes have every table. */
export const kept: Readonly<Record<string, string>> = {
  config_versions: 'which configuration applied is told of events for as long as there are any',
  consumer_offsets: 'where the aggregator stands',
  dead_letter_action_letters: 'goes with its action',
  device_boots: 'a few for each device, by which the times of late frames are told',
  device_heartbeats: 'one for each device',
  devices: 'its id is never another owner’s',
  dropped_ranges: 'of the ledger: of what is missing, that it was given up',
  expired_blobs: 'is worked off',
  ledger_duplicates: 'of the ledger, a row for an hour',
  ledger_hours: 'of the ledger, a row for an hour; what an hour issued is told from all before it',
  listening: 'one for each service',
  migrations: 'which migrations were run',
  seq_blocks: 'of the ledger: a row for 4,096 frames',
  sites: 'until somebody deletes it',
  users: 'until somebody deletes them',
};
