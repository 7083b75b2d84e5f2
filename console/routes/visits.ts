import { type Static, Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { nullable, time } from '../../http/answer-types.ts';
import type { Server } from '../../http/server.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import { DEVICE_ID } from '../../schemas/identity.ts';
import { lane, timeQuality } from './answers.ts';
import { asUtc, isoTime, paging, TEXT } from './filters.ts';

const sql = {
  list: statement(import.meta.url, '../sql/list-visits.sql'),
  listOfDevices: statement(import.meta.url, '../sql/list-device-visits.sql'),
  listOfPerson: statement(import.meta.url, '../sql/list-person-visits.sql'),
};

const ms = (description: string) => Type.Integer({ description });
const visit = Type.Object(
  {
    visit_id: Type.String({ format: 'uuid', description: "The event's, the same in every version." }),
    device_id: Type.String(),
    person_id: Type.String(),
    opened_at: time('The first sight.'),
    ended_at: nullable(time('The last sight, null while it lasts.')),
    last_seen_at: nullable(time('The last sight so far.')),
    dwell_ms: ms('From the first sight to the last.'),
    dwell_min_ms: nullable(ms('It cannot have been shorter.')),
    dwell_max_ms: nullable(ms('It was not longer.')),
    sightings: nullable(Type.Integer({ description: 'In how many frames they were seen.' })),
    confidence: nullable(Type.Number({ description: 'The surest of these, 0 to 1.' })),
    lane,
    source: Type.String({ description: 'Who says so, such as camera.' }),
    time_quality: timeQuality,
    model: nullable(Type.String()),
    config_version: Type.Integer(),
    version: Type.Integer({ description: 'Grows each time it is told anew.' }),
  },
  { title: 'Visit' },
);
const answer = Type.Object(
  {
    visits: Type.Array(visit),
    next_cursor: nullable(Type.String({ description: 'Asks for those before these; null where there are no more.' })),
  },
  { title: 'VisitPage' },
);

const CURSOR =
  /^(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z)_([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/;

const querystring = Type.Object({
  device_id: Type.Optional(Type.String({ pattern: DEVICE_ID, description: 'Only before this camera' })),
  person_id: Type.Optional(Type.String({ maxLength: 200, pattern: TEXT, description: 'Only of this person' })),
  from: Type.Optional(Type.String({ pattern: isoTime(), description: 'That began from this time on, ISO 8601' })),
  to: Type.Optional(Type.String({ pattern: isoTime(), description: 'Up to and with this time' })),
  cursor: Type.Optional(Type.String({ pattern: CURSOR.source, description: 'The next_cursor of the page before' })),
  page_size: paging.page_size,
});

type Row = Static<typeof visit> & { readonly cursor: string };

/**
 * `GET /api/v1/visits`: who stayed and for how long, newest first. By cursor and without a total, so that a page of years
 * is as quick as the first.
 */
export function registerVisits(app: Server, { store }: { readonly store: Store }): void {
  const schema = { tags: ['events'], summary: 'Who stayed and for how long, newest first', querystring };
  app.get('/api/v1/visits', { schema: { ...schema, response: { 200: answer } } }, async (request) => {
    const { query } = request;
    const { device_id = null, person_id = null, page_size } = query;
    const { fleetId } = userOf(request);
    const [, cursor = null, beforeId = null] = CURSOR.exec(query.cursor ?? '') ?? [];
    const before = cursor === null ? null : asUtc({ cursor }, 'cursor');
    const page = [asUtc(query, 'from'), asUtc(query, 'to'), before, beforeId];
    // One more than is shown says whether there are more.
    const values = [...page, page_size + 1];
    const rows = await (person_id !== null
      ? store.run<Row>(sql.listOfPerson, [...values, person_id, device_id, fleetId])
      : device_id === null && fleetId === null
        ? store.run<Row>(sql.list, values)
        : store.run<Row>(sql.listOfDevices, [...values, device_id, fleetId]));
    const visits = rows.slice(0, page_size).map(({ cursor, ...shown }) => shown);
    return { visits, next_cursor: rows.length > page_size ? (rows[page_size - 1]?.cursor ?? null) : null };
  });
}
