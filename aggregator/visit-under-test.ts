import { event, NOW_MS } from '../schemas/records-under-test.ts';
import type { Event, Visit } from '../schemas/types.ts';

const visit: Visit = {
  kind: 'Visit',
  person_id: 'P',
  state: 'opened',
  dwell_ms: 0,
  dwell_min_ms: 0,
  dwell_max_ms: 0,
  last_seen_at: NOW_MS,
  track_id: null,
  sightings: 1,
  confidence: 0.5,
  box: null,
};

/** A version of a visit; it has an end from the moment on that is given, in ms from its beginning. */
export function told(
  name: string,
  version: number,
  endedMs: number | null,
  change: Partial<Event> & { person?: string } = {},
) {
  const { person = 'P', ...others } = change;
  const openedAtMs = others.occurred_at ?? NOW_MS;
  const dwell_ms = endedMs ?? version;
  const payload: Visit = {
    ...visit,
    person_id: person,
    state: endedMs === null ? 'updated' : 'closed',
    dwell_ms,
    dwell_min_ms: dwell_ms,
    dwell_max_ms: dwell_ms + 200,
    last_seen_at: openedAtMs + dwell_ms,
    sightings: version,
  };
  const ended_at = endedMs === null ? null : openedAtMs + endedMs;
  return event(name, { type: 'visit', version, ended_at, model: 'm', payload, ...others });
}
