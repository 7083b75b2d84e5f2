import { Type } from 'typebox';
import { nothing, oneOf } from '../answer-types.ts';
import { signedInUser } from '../credentials.ts';
import { Problem } from '../problem.ts';
import type { Server } from '../server.ts';
import { NEW_PASSWORD } from './new-password.ts';
import { type RequireUser, userOf } from './require-user.ts';
import type { SignIn } from './sign-in.ts';
import type { Users } from './users.ts';

/** `GET /auth/me`, `POST /auth/password`: what everybody may ask and change of themselves. */
export function registerOwnAccount(
  app: Server,
  {
    onRequest,
    users,
    signIn,
  }: {
    readonly onRequest: RequireUser[];
    readonly users: Pick<Users, 'setPassword'>;
    readonly signIn: SignIn;
  },
): void {
  const self = Type.Object({
    user_id: Type.String(),
    username: Type.String(),
    role: oneOf(['admin', 'operator', 'viewer']),
    all_devices: Type.Boolean({ description: "Whether they see everybody's devices." }),
  });
  const documented = { tags: ['sign-in'], security: signedInUser };
  const schema = { ...documented, summary: 'Who is asking', response: { 200: self } };
  app.get('/auth/me', { schema, onRequest }, async (request, reply) => {
    const { id, username, role, fleetId } = userOf(request);
    reply.header('cache-control', 'no-store');
    return { user_id: id, username, role, all_devices: fleetId === null };
  });

  const body = Type.Object(
    { current_password: Type.String({ maxLength: 1_024 }), new_password: NEW_PASSWORD },
    { additionalProperties: false },
  );
  const response = { 204: nothing('All sessions have ended.') };
  const change = { ...documented, summary: 'Another password; ends all sessions', body, response };
  app.post('/auth/password', { schema: change, onRequest }, async (request, reply) => {
    const { id, username } = userOf(request);
    const { current_password: password, new_password: wanted } = request.body;
    // Whoever has found a page that is signed in must not be able to guess.
    if (!(await signIn({ username, password }, request.ip))) throw wrongPassword();
    await users.setPassword(id, wanted);
    return reply.code(204).send();
  });
}

function wrongPassword(): Problem {
  const detail = 'current_password is not the password that this user has.';
  return new Problem({ status: 403, code: 'wrong-password', title: 'Wrong password', detail });
}
