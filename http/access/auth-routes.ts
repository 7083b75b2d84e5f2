import { Type } from 'typebox';
import { nothing } from '../answer-types.ts';
import { Problem } from '../problem.ts';
import type { Server } from '../server.ts';
import { ACCESS_TOKEN_S, type AccessTokens } from './access-tokens.ts';
import { refuseOtherSites } from './other-sites.ts';
import type { Sessions } from './sessions.ts';
import type { SignIn } from './sign-in.ts';
import type { User } from './users.ts';

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000]*$' });
const tokens = Type.Object(
  {
    access_token: Type.String({ description: 'A JWT, for the header Authorization: Bearer' }),
    refresh_token: Type.String({ description: 'Good for one time.' }),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Seconds for which the access token is good.' }),
  },
  { title: 'Tokens' },
);
const byRefreshToken = Type.Object({ refresh_token: text(200) }, { additionalProperties: false });

/** `POST /auth/login`, `/auth/refresh`, `/auth/logout`: a password for tokens, for pages and programs alike. */
export function registerAuth(
  app: Server,
  {
    signIn,
    sessions,
    accessTokens,
  }: { readonly signIn: SignIn; readonly sessions: Sessions; readonly accessTokens: AccessTokens },
): void {
  const onRequest = async (request: Parameters<typeof refuseOtherSites>[0]) => refuseOtherSites(request);
  const answer = async (user: User, { sessionId, refreshToken }: Awaited<ReturnType<Sessions['begin']>>) => ({
    access_token: await accessTokens.issue(user, sessionId),
    refresh_token: refreshToken,
    token_type: 'Bearer' as const,
    expires_in: ACCESS_TOKEN_S,
  });

  const credentials = Type.Object({ username: text(200), password: text(1_024) }, { additionalProperties: false });
  const documented = { tags: ['sign-in'], response: { 200: tokens } };
  const forPassword = { ...documented, summary: 'Tokens for a name and a password', body: credentials };
  app.post('/auth/login', { schema: forPassword, onRequest }, async ({ body, ip }, reply) => {
    const user = await signIn(body, ip);
    if (!user) throw refused('wrong-credentials', 'Wrong credentials', 'No user has this name and this password.');
    reply.header('cache-control', 'no-store');
    return answer(user, await sessions.begin(user));
  });

  const forToken = { ...documented, summary: 'The next tokens of a session', body: byRefreshToken };
  app.post('/auth/refresh', { schema: forToken, onRequest }, async ({ body }, reply) => {
    const renewed = await sessions.renew(body.refresh_token);
    if (!renewed) throw refused('session-over', 'The session is over', 'Sign in again.');
    reply.header('cache-control', 'no-store');
    return answer(renewed.user, renewed);
  });

  const toEnd = {
    tags: ['sign-in'],
    summary: 'End a session',
    body: byRefreshToken,
    response: { 204: nothing('It is over, or was before.') },
  };
  app.post('/auth/logout', { schema: toEnd, onRequest }, async ({ body }, reply) => {
    await sessions.end(body.refresh_token);
    return reply.code(204).send();
  });
}

function refused(code: string, title: string, detail: string): Problem {
  return new Problem({ status: 401, code, title, detail });
}
