import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import { traceIdOf } from '../ports/tracing/trace.ts';
import type { Event } from '../schemas/types.ts';
import type { Read } from './read-record.ts';
import { storableJson } from './storable.ts';

const insertEvents = statement(import.meta.url, './sql/insert-events.sql');

/** An event of which there was no row before. */
export interface NewEvent {
  readonly number: number;
  readonly device_id: string;
  readonly type: string;
  readonly occurred_at: Date;
  /** Whether its first version came with it. */
  readonly is_begun: boolean;
}

/**
 * Events, each once in its highest version, become rows by insert-events.sql; `told` are all versions that came. Answers
 * which are new.
 */
export async function writeEvents(
  transaction: Queryable,
  { told, highest: rows }: { readonly told: readonly Read<Event>[]; readonly highest: readonly Read<Event>[] },
  nowMs: number,
): Promise<readonly NewEvent[]> {
  if (rows.length === 0) return [];
  const begun = new Set(told.filter(({ value }) => value.version === 1).map(({ value }) => value.event_id));
  return await transaction.run<NewEvent>(insertEvents, [
    rows.map(({ value }) => value.event_id),
    rows.map(({ value }) => new Date(value.occurred_at)),
    rows.map(({ value }) => value.type),
    rows.map(({ value }) => value.device_id),
    rows.map(({ value }) => value.version),
    rows.map(({ value }) => (value.ended_at === null ? null : new Date(value.ended_at))),
    rows.map(({ value }) => value.frame_id),
    rows.map(({ value }) => value.frame_seq),
    rows.map(({ value }) => value.lane),
    rows.map(({ value }) => value.time_quality),
    rows.map(({ value }) => value.model),
    rows.map(({ value }) => value.config_version),
    rows.map(({ value }) => dataOf(value)),
    rows.map(({ record }) => traceIdOf(record.headers?.traceparent)),
    new Date(nowMs),
    rows.map(({ value }) => begun.has(value.event_id)),
  ]);
}

/** The typed payload as JSON; its kind follows from the event's type. */
function dataOf({ payload }: Event): string {
  const { kind, ...data } = payload;
  if (kind !== 'Other' || !('data_json' in data)) return storableJson(data);
  try {
    return storableJson(JSON.parse(data.data_json));
  } catch {
    // It is not the JSON that it should be; that it happened, and when, is known all the same.
    return storableJson(data);
  }
}
