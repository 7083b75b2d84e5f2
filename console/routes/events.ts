import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { oneOf } from '../../http/answer-types.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import type { Store } from '../../ports/store/store.ts';
import { cursorOf, readCursor } from '../event-cursor.ts';
import { devicesMeant } from '../event-sums.ts';
import { countListed, listEvents } from '../list-events.ts';
import { eventPage } from './answers.ts';
import { eventAnswer } from './event-answer.ts';
import { eventFilters, eventsNamed, searched, searchFilters } from './event-filters.ts';
import { invalidQuery, paging, rowsOf } from './filters.ts';

const querystring = Type.Object({
  ...eventFilters,
  ...searchFilters,
  sort: Type.Optional(oneOf(['desc', 'asc'], 'By their times, the newest first if nothing is said.')),
  cursor: Type.Optional(
    Type.String({ maxLength: 200, description: 'The `next_cursor` of the page before, asked for the same way' }),
  ),
  ...paging,
});

/** `GET /api/events`: what happened, by page or from one page to the next. */
export function registerEvents(app: Server, store: Store): void {
  const summary = 'What happened, newest first';
  const schema = { tags: ['events'], summary, querystring, response: { 200: eventPage } };
  app.get('/api/events', { schema }, async (request) => {
    const { query } = request;
    const { page, page_size } = query;
    const after = query.cursor === undefined ? null : readCursor(query.cursor);
    if (query.cursor !== undefined && after === null) throw invalidQuery('cursor', 'is none that was given');
    const sort = query.sort ?? after?.sort ?? 'desc';
    if (after && after.sort !== sort) throw invalidQuery('cursor', 'is one of the other order');
    if (after && page > 1) throw invalidQuery('page', 'is not for lists with a cursor');

    const { cameras, ...named } = eventsNamed(query);
    const devices = await devicesMeant(store, { fleetId: userOf(request).fleetId, cameras });
    const wanted = { ...named, devices, search: searched(query) };
    const [listed, total] = await Promise.all([
      listEvents(store, { ...wanted, sort, after, ...rowsOf(query) }),
      countListed(store, wanted),
    ]);
    if (listed === null) throw searchTooLong();
    const { rows, hasMore } = listed;
    const last = hasMore ? rows.at(-1) : undefined;
    const next_cursor = last ? cursorOf({ occurredAt: last.occurred_at, number: last.number }, sort) : null;
    return { events: rows.map(eventAnswer), total, page, page_size, has_more: hasMore, next_cursor };
  });
}

function searchTooLong(): Problem {
  const detail = 'There is too much to look through: say a camera, a type, or a shorter time.';
  return new Problem({ status: 422, code: 'search-too-long', title: 'The search takes too long', detail });
}
