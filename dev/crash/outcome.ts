import { createHash } from 'node:crypto';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';
import { fixedCodec } from '../../schemas/codec.ts';
import type { Acknowledged } from './cameras.ts';

const sql = {
  captures: statement(import.meta.url, './sql/captures.sql'),
  events: statement(import.meta.url, './sql/events.sql'),
  visits: statement(import.meta.url, './sql/visits.sql'),
  eventCounts: statement(import.meta.url, './sql/event-counts.sql'),
  eventDays: statement(import.meta.url, './sql/event-days.sql'),
  eventMonths: statement(import.meta.url, './sql/event-months.sql'),
  unnumbered: statement(import.meta.url, './sql/unnumbered-events.sql'),
  occupancy: statement(import.meta.url, './sql/occupancy.sql'),
  occupancyDays: statement(import.meta.url, './sql/occupancy-days.sql'),
  observations: statement(import.meta.url, './sql/observations.sql'),
  deadLetters: statement(import.meta.url, './sql/dead-letters.sql'),
  ledger: statement(import.meta.url, './sql/ledger.sql'),
};

interface EventRow {
  readonly snapshot_path: string | null;
}

interface Capture {
  readonly frame_id: string;
  readonly blob_key: string | null;
  readonly sha256: string | null;
  readonly state: string;
}

/** What a run has left behind: rows and snapshots as the lines that are compared, and what is wrong on its own. */
export interface Outcome {
  readonly lines: readonly string[];
  readonly captured: number;
  /** Frames whose picture is in the blob store as its row says. */
  readonly stored: number;
  /** Acknowledged, but not stored, not captured, or not analysed. */
  readonly lost: readonly string[];
  /** Told of twice. */
  readonly duplicated: readonly string[];
  /** Events that have a picture. */
  readonly pictured: number;
  /** Pictures without an event, and events without the picture that they say they have. */
  readonly unpaired: readonly string[];
  /** Observed in another order than the log's, where that was looked at. */
  readonly disorder?: readonly string[];
}

export interface Remains {
  readonly store: Queryable;
  readonly blobs: Blobs;
  /** Records of the topics `observations` and `events`, in the order of their partitions. */
  readonly told: readonly Buffer[];
  readonly acknowledged: readonly Acknowledged[];
}

export async function readOutcome({ store, blobs, told, acknowledged }: Remains): Promise<Outcome> {
  const captures = await store.run<Capture>(sql.captures);
  const events = await store.run<EventRow>(sql.events);
  const rows = {
    captures,
    events,
    unnumbered: await store.run(sql.unnumbered),
    visits: await store.run(sql.visits),
    counts: await store.run(sql.eventCounts),
    days: await store.run(sql.eventDays),
    months: await store.run(sql.eventMonths),
    occupancy: await store.run(sql.occupancy),
    stays: await store.run(sql.occupancyDays),
    observations: await store.run(sql.observations),
    letters: await store.run(sql.deadLetters),
    ledger: await store.run(sql.ledger),
  };
  const stored = await findStored(blobs, captures);
  const snapshots = await readSnapshots(blobs);
  const named = events.flatMap(({ snapshot_path }) => snapshot_path ?? []);
  const analysed = new Set(
    captures.filter(({ state }) => state === 'done' || state === 'dead').map(({ frame_id }) => frame_id),
  );
  return {
    lines: [
      ...Object.entries(rows).flatMap(([table, all]) => all.map((row) => `${table} ${JSON.stringify(row)}`)),
      ...[...snapshots].map(([key, digest]) => `snapshot ${key} ${digest}`),
    ],
    captured: captures.length,
    stored: stored.size,
    lost: acknowledged
      .filter(({ itemId }) => !stored.has(itemId) || !analysed.has(itemId))
      .map(({ deviceId, capturedAtMs, itemId }) => `${deviceId}/${capturedAtMs} ${itemId}`),
    duplicated: [
      ...repeated(captures.map((capture) => `picture ${capture.blob_key}`)),
      ...repeated(acknowledged.map(({ itemId }) => `item ${itemId}`)),
      ...repeated(told.flatMap(tellingOf)),
      ...repeated(named.map((key) => `snapshot ${key}`)),
    ],
    pictured: named.length,
    unpaired: [
      ...named.filter((key) => !snapshots.has(key)).map((key) => `an event without its picture ${key}`),
      ...[...snapshots.keys()].filter((key) => !named.includes(key)).map((key) => `a picture without an event ${key}`),
    ],
  };
}

/** What is in one and not in the other, either way. */
export function differences(one: Outcome, other: Outcome): string[] {
  const lines = [new Set(one.lines), new Set(other.lines)] as const;
  return [
    ...one.lines.filter((line) => !lines[1].has(line)).map((line) => `- ${line}`),
    ...other.lines.filter((line) => !lines[0].has(line)).map((line) => `+ ${line}`),
  ];
}

async function findStored(blobs: Blobs, captures: readonly Capture[]): Promise<ReadonlySet<string>> {
  const stored = new Set<string>();
  for (const { frame_id, blob_key, sha256 } of captures) {
    const bytes = blob_key === null ? null : await blobs.get(blob_key);
    if (bytes && createHash('sha256').update(bytes).digest('hex') === sha256) stored.add(frame_id);
  }
  return stored;
}

/** Of each its digest. */
async function readSnapshots(blobs: Blobs): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const key of blobs.list('snapshots/')) {
    const bytes = await blobs.get(key);
    if (bytes) found.set(key, createHash('sha256').update(bytes).digest('hex'));
  }
  return found;
}

/** What a record of the log tells of: told twice, it took effect twice. An attempt may be. */
function tellingOf(bytes: Buffer): string | readonly [] {
  const { name, value } = fixedCodec.decode(bytes);
  if (name === 'observation') return `observation of ${value.frame_id}`;
  if (name === 'event') return `event ${value.event_id} version ${value.version}`;
  return name === 'attempt' ? [] : name;
}

function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => seen.size === seen.add(name).size);
}
