import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { nullable, time } from '../../http/answer-types.ts';
import type { Server } from '../../http/server.ts';
import type { Store } from '../../ports/store/store.ts';
import { DEVICE_ID } from '../../schemas/identity.ts';
import { listChanges } from '../audit.ts';
import { pageAnswer } from './answers.ts';
import { asUtc, isoTime, pageOf, paging, rowsOf } from './filters.ts';

const entry = Type.Object(
  {
    number: Type.Integer({ description: 'Grows from one change to the next.' }),
    at: time('When.'),
    who: Type.String({ description: 'The name of the user, as it was.' }),
    what: Type.String({ description: 'What was done, such as dead-letter-redrive.' }),
    on: Type.String({ description: 'The id of what it was done to.' }),
    device_id: nullable(Type.String({ description: 'Whose business it is, where it is about one device.' })),
    details: Type.Unknown({ description: 'By what was done.' }),
  },
  { title: 'Change' },
);

const querystring = Type.Object({
  what: Type.Optional(Type.String({ maxLength: 100, pattern: '^[a-z-]*$', description: 'Only this' })),
  device_id: Type.Optional(Type.String({ pattern: DEVICE_ID, description: 'Only to this device' })),
  from: Type.Optional(Type.String({ pattern: isoTime(), description: 'From this time on, ISO 8601' })),
  to: Type.Optional(Type.String({ pattern: isoTime(), description: 'Up to and with this time' })),
  ...paging,
});

/** `GET /api/v1/audit`: who has changed what, newest first. An owner sees what they did, and what was done to theirs. */
export function registerAudit(app: Server, { store }: { readonly store: Store }): void {
  const response = { 200: Type.Object({ changes: Type.Array(entry), ...pageAnswer }, { title: 'ChangePage' }) };
  const schema = { tags: ['audit'], summary: 'Who has changed what, newest first', querystring, response };
  app.get('/api/v1/audit', { schema }, async (request) => {
    const { query } = request;
    const { what = null, device_id: deviceId = null } = query;
    const wanted = { action: what, deviceId, from: asUtc(query, 'from'), to: asUtc(query, 'to') };
    const { changes, total } = await listChanges(store, userOf(request).fleetId, wanted, rowsOf(query));
    const entries = changes.map(({ username, action, subject, ...same }) => ({
      who: username,
      what: action,
      on: subject,
      ...same,
    }));
    return { changes: entries, ...pageOf(query, total, changes.length) };
  });
}
