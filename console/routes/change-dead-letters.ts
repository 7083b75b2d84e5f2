import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import type { User } from '../../http/access/users.ts';
import { nullable } from '../../http/answer-types.ts';
import type { Server } from '../../http/server.ts';
import type { Store } from '../../ports/store/store.ts';
import { findLetter, scopeOf } from '../dead-letters.ts';
import type { LetterActions } from '../letter-actions.ts';
import { TEXT } from './filters.ts';
import { letter, letterFilters, startedAction, wantedOf } from './letter-answers.ts';
import { UUID } from './names.ts';

const tags = ['dead-letters'];
/** As large as a record may be. */
const VALUE_CHARS_MAX = 5_600_000;

const params = Type.Object({ id: UUID });
const querystring = Type.Object(letterFilters);
const accept_changed = Type.Optional(
  Type.Boolean({ description: 'Take whatever picture lies there now, also where it is not the one that was stored.' }),
);
const redriveOne = nullable(
  Type.Object(
    {
      accept_changed,
      again: Type.Optional(Type.Boolean({ description: 'Also though it was redriven, and nothing has come of it.' })),
      value: Type.Optional(
        Type.String({
          maxLength: VALUE_CHARS_MAX,
          pattern: '^[A-Za-z0-9+/]+={0,2}$',
          description: 'In base64, the bytes in place of those that could not be read.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
);
const redriveMany = nullable(Type.Object({ accept_changed }, { additionalProperties: false }));
const discard = nullable(
  Type.Object(
    { reason: Type.Optional(Type.String({ maxLength: 500, pattern: TEXT, description: 'For the audit log.' })) },
    { additionalProperties: false },
  ),
);

/** `POST /api/v1/dead-letters/…`: sends them again, or gives them up; one at once, many one after the other. */
export function registerChangeDeadLetters(
  app: Server,
  { store, letterActions }: { readonly store: Store; readonly letterActions: LetterActions },
): void {
  const of = (user: User) => ({ by: user, scope: scopeOf(user) });

  async function answerOf(user: User, id: string) {
    const { original_value: _, ...listed } = await findLetter(store, scopeOf(user), id);
    return listed;
  }

  const ofRedrive = {
    tags,
    summary: 'Send it again: its frame among the frames of its device, or its bytes to where they came from',
    params,
    body: redriveOne,
    response: { 200: letter },
  };
  const large = { bodyLimit: VALUE_CHARS_MAX + 1_000 };
  app.post('/api/v1/dead-letters/:id/redrive', { schema: ofRedrive, ...large }, async (request) => {
    const [user, { id }] = [userOf(request), request.params];
    const { accept_changed: acceptChanged = false, again = false, value } = request.body ?? {};
    const mended = value === undefined ? null : Buffer.from(value, 'base64');
    await letterActions.change(id, { kind: 'redrive', acceptChanged, again, mended }, of(user));
    return answerOf(user, id);
  });

  const ofDiscard = { tags, summary: 'Give it up', params, body: discard, response: { 200: letter } };
  app.post('/api/v1/dead-letters/:id/discard', { schema: ofDiscard }, async (request) => {
    const [user, { id }] = [userOf(request), request.params];
    await letterActions.change(id, { kind: 'discard', reason: request.body?.reason ?? null }, of(user));
    return answerOf(user, id);
  });

  const ofRedriveMany = {
    tags,
    summary: 'Send again all that are open and match',
    querystring,
    body: redriveMany,
    response: { 202: startedAction },
  };
  app.post('/api/v1/dead-letters/redrive', { schema: ofRedriveMany }, async (request, reply) => {
    const wish = { kind: 'redrive', acceptChanged: request.body?.accept_changed ?? false } as const;
    return reply.code(202).send(await letterActions.start(wantedOf(request.query), wish, of(userOf(request))));
  });

  const ofDiscardMany = {
    tags,
    summary: 'Give up all that are open and match',
    querystring,
    body: discard,
    response: { 202: startedAction },
  };
  app.post('/api/v1/dead-letters/discard', { schema: ofDiscardMany }, async (request, reply) => {
    const wish = { kind: 'discard', reason: request.body?.reason ?? null } as const;
    return reply.code(202).send(await letterActions.start(wantedOf(request.query), wish, of(userOf(request))));
  });
}
