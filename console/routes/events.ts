import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import type { Server } from '../../http/server.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import type { EventRow } from '../find-event.ts';
import { eventPage } from './answers.ts';
import { eventAnswer } from './event-answer.ts';
import { filters, filterValues, pageOf, TEXT } from './filters.ts';

const sql = {
  list: statement(import.meta.url, '../sql/list-events.sql'),
  listOfFleet: statement(import.meta.url, '../sql/list-fleet-events.sql'),
  count: statement(import.meta.url, '../sql/count-events.sql'),
};

/** `GET /api/events`: what happened, newest first. */
export function registerEvents(app: Server, store: Store): void {
  const querystring = Type.Object({
    ...filters,
    event_type: Type.Optional(
      Type.String({
        maxLength: 50,
        pattern: TEXT,
        description: 'such as visit, motion, device_offline, device_online',
      }),
    ),
  });
  const schema = {
    tags: ['events'],
    summary: 'What happened, newest first',
    querystring,
    response: { 200: eventPage },
  };
  app.get('/api/events', { schema }, async (request) => {
    const { query } = request;
    const { matching, paged } = filterValues(query, query.event_type);
    const { fleetId } = userOf(request);
    const [rows, counted] = await Promise.all([
      fleetId === null
        ? store.run<EventRow>(sql.list, paged)
        : store.run<EventRow>(sql.listOfFleet, [...paged, fleetId]),
      store.run<{ total: number }>(sql.count, [...matching, fleetId]),
    ]);
    return { events: rows.map(eventAnswer), ...pageOf(query, counted[0]?.total ?? 0, rows.length) };
  });
}
