import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { nullable } from '../../http/answer-types.ts';
import type { Server } from '../../http/server.ts';
import type { Store } from '../../ports/store/store.ts';
import { describeEvents, devicesMeant } from '../event-sums.ts';
import { storedTime } from './answers.ts';
import { eventFilters, eventsNamed } from './event-filters.ts';

const counts = (description: string) => Type.Record(Type.String(), Type.Integer(), { description });

const answer = Type.Object(
  {
    total_events: Type.Integer(),
    events_by_type: counts('Of each type of which there are some.'),
    events_by_camera: counts('Of each device of which there are some.'),
    date_range: Type.Object({
      first_event: nullable(storedTime('When the first of them happened or began; null where there is none')),
      last_event: nullable(storedTime('The same of the last')),
    }),
  },
  { title: 'EventStats' },
);

/** `GET /api/events/stats`: how many there are of what happened, by type and by device, and from when to when. */
export function registerEventStats(app: Server, store: Store): void {
  const querystring = Type.Object(eventFilters);
  const summary = 'How many events there are, by type and by camera, and from when to when';
  const schema = { tags: ['events'], summary, querystring, response: { 200: answer } };
  app.get('/api/events/stats', { schema }, async (request) => {
    const { cameras, ...named } = eventsNamed(request.query);
    const devices = await devicesMeant(store, { fleetId: userOf(request).fleetId, cameras });
    const sums = await describeEvents(store, { ...named, devices });
    return {
      total_events: sums.total,
      events_by_type: inOrder(sums.byType),
      events_by_camera: inOrder(sums.byDevice),
      date_range: { first_event: sums.first_at, last_event: sums.last_at },
    };
  });
}

function inOrder(counted: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counted].sort(([a], [b]) => (a < b ? -1 : 1)));
}
