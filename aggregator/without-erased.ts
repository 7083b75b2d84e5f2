import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import { AROUND_SIGHTS_MS } from '../schemas/erasure-note.ts';
import { snapshotKey } from '../schemas/snapshot-key.ts';
import type { Attempt, DeadLetter, Event, Frame, Observation } from '../schemas/types.ts';
import type { Read, ReadBatch } from './read-record.ts';

/**
 * What was erased is not written any more, whether it comes late or again. It is asked for in the transaction that
 * writes, and whoever adds to the list waits for that to end: so what is written was not on the list, and what is on it
 * finds everything that was written.
 */
export async function withoutErased(transaction: Queryable, batch: ReadBatch): Promise<ReadBatch> {
  const things = thingsIn(batch);
  if (things.length === 0) return batch;
  const rows = await transaction.run<ErasedRow>(sql.find, [
    things.map(({ deviceId }) => deviceId),
    things.map(({ type }) => type),
    things.map(({ fromMs }) => new Date(fromMs)),
    things.map(({ toMs }) => (toMs === null ? null : new Date(toMs))),
    things.map(({ stayMs }) => stayMs),
    things.map(({ personId }) => personId),
    things.map(({ isFrame }) => isFrame),
  ]);
  if (rows.length === 0) return batch;
  const erased = rows.flatMap(({ place, ...by }) => {
    const thing = things[place - 1];
    return thing ? [{ ...thing, ...by }] : [];
  });
  await leaveToErasures(transaction, erased);
  const dropped = new Set(erased.map(({ source }) => source));
  return {
    of: (name) => batch.of(name).filter((read) => !dropped.has(read)),
    poison: batch.poison.filter((letter) => !dropped.has(letter)),
  };
}

const sql = {
  find: statement(import.meta.url, './sql/find-erased.sql'),
  leave: statement(import.meta.url, './sql/leave-to-erasures.sql'),
  confirm: statement(import.meta.url, './sql/confirm-frames.sql'),
};

interface ErasedRow {
  readonly place: number;
  readonly erasure_id: string;
  readonly reach: 'everything' | 'frames' | 'person';
}

/** What is about to be written, as the list asks of it. */
interface Thing {
  readonly source: Read<unknown> | DeadLetter;
  readonly deviceId: string;
  /** Of an event. */
  readonly type: Event['type'] | null;
  readonly fromMs: number;
  readonly toMs: number | null;
  readonly stayMs: number | null;
  readonly personId: string | null;
  /** Or something that shows one. */
  readonly isFrame: boolean;
  readonly frame?: Frame;
  readonly event?: Event;
}

function thingsIn(batch: ReadBatch): readonly Thing[] {
  const letters = [
    ...batch.poison.map((letter) => ({ source: letter, letter })),
    ...batch.of('dead-letter').map((read) => ({ source: read, letter: read.value })),
  ];
  return [
    ...batch.of('frame').map((read) => ({ ...frameThing(read), frame: read.value })),
    ...batch.of('observation').map(frameThing),
    ...batch.of('attempt').map(frameThing),
    ...batch.of('event').map(eventThing),
    ...letters.map(({ source, letter }) => letterThing(source, letter)),
  ];
}

const nobody = { type: null, stayMs: null, personId: null } as const;

function frameThing(read: Read<Frame | Observation | Attempt>): Thing {
  const { device_id: deviceId, captured_at: atMs } = read.value;
  return { ...nobody, source: read, deviceId, fromMs: atMs, toMs: atMs, isFrame: true };
}

function eventThing(read: Read<Event>): Thing {
  const { device_id: deviceId, type, occurred_at: fromMs, ended_at: toMs, payload } = read.value;
  const told = payload.kind === 'Other' && 'data_json' in payload ? parsed(payload.data_json) : payload;
  const { person_id: personId = null, stay_ms: stayMs = null }: { person_id?: unknown; stay_ms?: unknown } = told;
  return {
    source: read,
    deviceId,
    type,
    fromMs,
    toMs,
    stayMs: typeof stayMs === 'number' ? stayMs : null,
    personId: typeof personId === 'string' ? personId : null,
    isFrame: false,
    event: read.value,
  };
}

/** A record that could not be read says of no device: its key stands for that, and when it came for when it was. */
function letterThing(source: Thing['source'], letter: DeadLetter): Thing {
  const { device_id, original_key, captured_at, recorded_at } = letter;
  const atMs = captured_at ?? recorded_at;
  return { ...nobody, source, deviceId: device_id ?? original_key, fromMs: atMs, toMs: atMs, isFrame: true };
}

function parsed(json: string): object {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

async function leaveToErasures(transaction: Queryable, erased: readonly (Thing & ErasedBy)[]): Promise<void> {
  const frames = erased.flatMap(({ frame }) => frame ?? []);
  if (frames.length > 0) {
    // Ingest has done so already, unless it died before it could: that they came is known, and is not erased.
    await transaction.run(sql.confirm, [
      frames.map(({ device_id }) => device_id),
      frames.map(({ epoch }) => epoch),
      frames.map(({ seq }) => seq),
    ]);
  }
  const blobs = erased.flatMap(({ frame, event, erasure_id }) => {
    if (frame) return [{ erasure_id, key: frame.blob_key }];
    return event?.type === 'motion' ? [{ erasure_id, key: snapshotKey(event) }] : [];
  });
  const seen = erased.filter(({ reach }) => reach === 'person');
  if (blobs.length === 0 && seen.length === 0) return;
  await transaction.run(sql.leave, [
    blobs.map(({ erasure_id }) => erasure_id),
    blobs.map(({ key }) => key),
    seen.map(({ erasure_id }) => erasure_id),
    seen.map(({ deviceId }) => deviceId),
    seen.map(({ type }) => type),
    seen.map(({ fromMs }) => new Date(fromMs)),
    seen.map(({ toMs }) => (toMs === null ? null : new Date(toMs))),
    seen.map(({ stayMs }) => stayMs),
    seen.map((thing) => new Date(lastSeenMs(thing))),
    AROUND_SIGHTS_MS,
  ]);
}

type ErasedBy = Pick<ErasedRow, 'erasure_id' | 'reach'>;

/** While it lasts, as far as is known. */
function lastSeenMs({ event, fromMs }: Thing): number {
  const payload = event?.payload;
  return (payload?.kind === 'Visit' ? payload.last_seen_at : null) ?? fromMs;
}
