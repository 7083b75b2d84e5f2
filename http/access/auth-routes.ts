import { Type } from 'typebox';
import { Problem } from '../problem.ts';
import type { Server } from '../server.ts';
import { ACCESS_TOKEN_S, type AccessTokens } from './access-tokens.ts';
import { refuseOtherSites } from './other-sites.ts';
import type { Sessions } from './sessions.ts';
import type { SignIn } from './sign-in.ts';
import type { User } from './users.ts';

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000]*$' });
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
  const answer = async (user: User, refreshToken: string) => ({
    access_token: await accessTokens.issue(user),
    refresh_token: refreshToken,
    token_type: 'Bearer',
    expires_in: ACCESS_TOKEN_S,
  });

  const credentials = Type.Object({ username: text(200), password: text(1_024) }, { additionalProperties: false });
  app.post('/auth/login', { schema: { body: credentials }, onRequest }, async ({ body, ip }, reply) => {
    const user = await signIn(body, ip);
    if (!user) throw refused('wrong-credentials', 'Wrong credentials', 'No user has this name and this password.');
    reply.header('cache-control', 'no-store');
    return answer(user, await sessions.begin(user));
  });

  app.post('/auth/refresh', { schema: { body: byRefreshToken }, onRequest }, async ({ body }, reply) => {
    const renewed = await sessions.renew(body.refresh_token);
    if (!renewed) throw refused('session-over', 'The session is over', 'Sign in again.');
    reply.header('cache-control', 'no-store');
    return answer(renewed.user, renewed.refreshToken);
  });

  app.post('/auth/logout', { schema: { body: byRefreshToken }, onRequest }, async ({ body }, reply) => {
    await sessions.end(body.refresh_token);
    return reply.code(204).send();
  });
}

function refused(code: string, title: string, detail: string): Problem {
  return new Problem({ status: 401, code, title, detail });
}
