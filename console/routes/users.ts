import { type Static, Type } from 'typebox';
import { NEW_PASSWORD } from '../../http/access/new-password.ts';
import { requireRole } from '../../http/access/require-role.ts';
import { userOf } from '../../http/access/require-user.ts';
import type { ManagedUser, UserManagement } from '../../http/access/user-management.ts';
import { nothing, oneOf } from '../../http/answer-types.ts';
import type { Server } from '../../http/server.ts';
import { pageOf, paging, rowsOf } from './filters.ts';
import { user, userPage } from './management-answers.ts';
import { UUID } from './names.ts';

const tags = ['users'];
const params = Type.Object({ user_id: UUID });
const ROLE = oneOf(['admin', 'operator', 'viewer']);
const USERNAME = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$',
  description: 'up to 64 letters, digits, . _ @ + -, the first a letter or a digit',
});
const OWNER = Type.String({ maxLength: 200, description: 'The name of the user whose devices they work with.' });

const newUser = Type.Object(
  { username: USERNAME, password: NEW_PASSWORD, role: ROLE, owner: Type.Optional(OWNER) },
  { additionalProperties: false },
);
const userChange = Type.Object(
  {
    role: Type.Optional(ROLE),
    owner: Type.Optional(Type.Union([OWNER, Type.Null()])),
    password: Type.Optional(NEW_PASSWORD),
  },
  { additionalProperties: false, minProperties: 1 },
);

/** `/users`: who there is. For administrators, and for operators as far as their own viewers go. */
export function registerUsers(app: Server, { userManagement }: { readonly userManagement: UserManagement }): void {
  const querystring = Type.Object(paging);
  const ofList = { tags, summary: 'The users, by their names', querystring, response: { 200: userPage } };
  app.get('/users', { schema: ofList }, async (request) => {
    const { query } = request;
    const { users, total } = await userManagement.list(userOf(request), rowsOf(query));
    return { users: users.map(userAnswer), ...pageOf(query, total, users.length) };
  });

  const ofNew = { tags, summary: 'A new user', body: newUser, response: { 201: user } };
  app.post('/users', { schema: ofNew }, async (request, reply) => {
    const made = await userManagement.create(userOf(request), request.body);
    return reply.code(201).send(userAnswer(made));
  });

  const ofOne = { tags, summary: 'One user', params, response: { 200: user } };
  app.get('/users/:user_id', { schema: ofOne }, async (request) =>
    userAnswer(await userManagement.find(userOf(request), request.params.user_id)),
  );

  const ofChange = {
    tags,
    summary: 'Another role, owner or password; ends their sessions',
    params,
    body: userChange,
    response: { 200: user },
  };
  app.patch('/users/:user_id', { schema: ofChange, onRequest: requireRole('admin') }, async (request) => {
    const change: Static<typeof userChange> = request.body;
    return userAnswer(await userManagement.change(userOf(request), request.params.user_id, change));
  });

  const response = { 204: nothing('They are gone.') };
  const ofDelete = { tags, summary: 'Delete a user, and whoever works for them; their devices stay', params, response };
  app.delete('/users/:user_id', { schema: ofDelete }, async (request, reply) => {
    await userManagement.remove(userOf(request), request.params.user_id);
    return reply.code(204).send();
  });
}

function userAnswer({ id, username, role, owner, createdAt }: ManagedUser) {
  return { user_id: id, username, role, owner, created_at: createdAt };
}
