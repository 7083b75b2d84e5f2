import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import type { Event, Visit } from '../schemas/types.ts';
import type { Read } from './read-record.ts';

const upsertVisits = statement(import.meta.url, './sql/upsert-visits.sql');

interface VisitEvent extends Event {
  readonly payload: Visit;
}

/** Those of the events, each once, that tell of a visit become the row of it, by upsert-visits.sql. */
export async function writeVisits(transaction: Queryable, reads: readonly Read<Event>[], nowMs: number): Promise<void> {
  const visits = reads.map(({ value }) => value).filter(isVisit);
  if (visits.length === 0) return;
  await transaction.run(upsertVisits, [
    visits.map(({ event_id }) => event_id),
    visits.map(({ occurred_at }) => new Date(occurred_at)),
    visits.map(({ device_id }) => device_id),
    visits.map(({ payload }) => payload.person_id),
    visits.map(({ lane }) => lane),
    visits.map(({ payload }) => payload.state),
    visits.map(({ payload }) => dateOf(payload.last_seen_at)),
    visits.map(({ ended_at }) => dateOf(ended_at)),
    visits.map(({ payload }) => payload.dwell_ms),
    visits.map(({ payload }) => payload.dwell_min_ms),
    visits.map(({ payload }) => payload.dwell_max_ms),
    visits.map(({ payload }) => payload.sightings),
    visits.map(({ payload }) => payload.confidence),
    visits.map(({ time_quality }) => time_quality),
    visits.map(({ model }) => model),
    visits.map(({ config_version }) => config_version),
    visits.map(({ version }) => version),
    new Date(nowMs),
  ]);
}

function isVisit(event: Event): event is VisitEvent {
  return event.type === 'visit' && event.payload.kind === 'Visit';
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
