import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import type { User } from '../../http/access/users.ts';
import { nothing } from '../../http/answer-types.ts';
import type { Server } from '../../http/server.ts';
import type { SiteRow, Sites } from '../sites.ts';
import { pageOf, paging, rowsOf } from './filters.ts';
import { site, sitePage } from './management-answers.ts';
import { NAME, UUID } from './names.ts';

const tags = ['sites'];
const params = Type.Object({ site_id: UUID });
const TIME_ZONE = Type.String({ maxLength: 100, pattern: '^[\\x21-\\x7e]+$', description: 'such as Europe/Berlin' });

/** `GET /sites`, `GET /sites/{id}`: where devices stand, and what time it is there. */
export function registerSites(app: Server, { sites }: { readonly sites: Sites }): void {
  const querystring = Type.Object(paging);
  app.get(
    '/sites',
    { schema: { tags, summary: 'The sites, by their names', querystring, response: { 200: sitePage } } },
    async (request) => {
      const { query } = request;
      const user = userOf(request);
      const { sites: rows, total } = await sites.list(user.fleetId, rowsOf(query));
      return { sites: rows.map((row) => siteAnswer(row, user)), ...pageOf(query, total, rows.length) };
    },
  );

  app.get(
    '/sites/:site_id',
    { schema: { tags, summary: 'One site', params, response: { 200: site } } },
    async (request) => {
      const user = userOf(request);
      return siteAnswer(await sites.find(user.fleetId, request.params.site_id), user);
    },
  );
}

/** `POST /sites`, `PATCH` and `DELETE /sites/{id}`. */
export function registerChangeSites(app: Server, { sites }: { readonly sites: Sites }): void {
  const whole = Type.Object({ name: NAME, time_zone: TIME_ZONE }, { additionalProperties: false });
  const ofNew = { tags, summary: 'A new site', body: whole, response: { 201: site } };
  app.post('/sites', { schema: ofNew }, async (request, reply) => {
    const { name, time_zone: timeZone } = request.body;
    const user = userOf(request);
    const made = await sites.create(user.fleetId ?? user.id, { name, timeZone });
    return reply.code(201).send(siteAnswer(made, user));
  });

  const body = Type.Partial(whole, { additionalProperties: false, minProperties: 1 });
  const ofChange = { tags, summary: 'Another name or time zone for a site', params, body, response: { 200: site } };
  app.patch('/sites/:site_id', { schema: ofChange }, async (request) => {
    const { name, time_zone: timeZone } = request.body;
    const user = userOf(request);
    return siteAnswer(await sites.change(user.fleetId, request.params.site_id, { name, timeZone }), user);
  });

  const response = { 204: nothing('It is gone.') };
  const ofDelete = { tags, summary: 'Delete a site; its devices stay, without one', params, response };
  app.delete('/sites/:site_id', { schema: ofDelete }, async (request, reply) => {
    await sites.remove(userOf(request).fleetId, request.params.site_id);
    return reply.code(204).send();
  });
}

function siteAnswer({ id, owner, ...row }: SiteRow, { fleetId }: User) {
  return { site_id: id, ...row, ...(fleetId === null ? { owner } : {}) };
}
