import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../loopback.ts';
import { Problem } from '../problem.ts';
import { SAFE_METHODS } from './other-sites.ts';

type Sent = Pick<FastifyRequest, 'method' | 'headers' | 'ip' | 'protocol' | 'routeOptions'>;

/** Routes that take a password, a refresh token or a pairing code in the body. */
const TAKES_CREDENTIAL = /^\/(auth\/|devices\/activate$)/;

/** An `onRequest` hook: what lets somebody in must not come by a way on which others can read it. */
export function refusePlainHttp(request: Sent): void {
  if (isReadable(request) && carriesCredential(request)) throw notOverPlainHttp();
}

/**
 * A browser that is told to sign in asks its user for a password, and sends it. It is not to be asked where it would
 * be refused only once everybody on the way has read it.
 */
export function withoutInvitation(problem: Problem, request: Sent): Problem {
  return problem.status === 401 && isReadable(request) ? notOverPlainHttp() : problem;
}

/**
 * Neither TLS nor from this machine. With TRUST_PROXY, `ip` and `protocol` are the client's as that proxy saw them,
 * so that a front's HTTPS counts, and plain HTTP to a front beside us does not.
 */
function isReadable({ ip, protocol }: Sent): boolean {
  return protocol !== 'https' && !isLoopback(ip ?? '');
}

function carriesCredential({ method, headers, routeOptions }: Sent): boolean {
  if (headers.authorization !== undefined || headers['x-device-token'] !== undefined) return true;
  return !SAFE_METHODS.has(method) && TAKES_CREDENTIAL.test(routeOptions.url ?? '');
}

function notOverPlainHttp(): Problem {
  return new Problem({
    status: 403,
    code: 'plain-http',
    title: 'Not over plain HTTP',
    detail:
      'Passwords and tokens are not taken over plain HTTP from another machine, since others on the way can read them. ' +
      'Use https:// (the service offers it once TLS_CERT_FILE and TLS_KEY_FILE are set), and change what was sent.',
  });
}
