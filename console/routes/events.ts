import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import type { Server } from '../../http/server.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import { devicesMeant, sumEvents } from '../event-sums.ts';
import type { EventRow } from '../find-event.ts';
import { eventPage } from './answers.ts';
import { eventAnswer } from './event-answer.ts';
import { eventFilters, eventsNamed } from './event-filters.ts';
import { pageOf, paging, rowsOf } from './filters.ts';

const sql = {
  list: statement(import.meta.url, '../sql/list-events.sql'),
  listOfDevices: statement(import.meta.url, '../sql/list-device-events.sql'),
};

/** `GET /api/events`: what happened, newest first. */
export function registerEvents(app: Server, store: Store): void {
  const schema = {
    tags: ['events'],
    summary: 'What happened, newest first',
    querystring: Type.Object({ ...eventFilters, ...paging }),
    response: { 200: eventPage },
  };
  app.get('/api/events', { schema }, async (request) => {
    const { query } = request;
    const { cameras, types, from, to } = eventsNamed(query);
    const devices = await devicesMeant(store, { fleetId: userOf(request).fleetId, cameras });
    const { limit, offset } = rowsOf(query);
    const paged = [types, from, to, limit, offset];
    const [rows, { total }] = await Promise.all([
      devices === null
        ? store.run<EventRow>(sql.list, paged)
        : store.run<EventRow>(sql.listOfDevices, [devices, ...paged]),
      sumEvents(store, { devices, types, from, to }),
    ]);
    return { events: rows.map(eventAnswer), ...pageOf(query, total, rows.length) };
  });
}
