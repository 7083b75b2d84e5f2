import type { FastifyRequest } from 'fastify';
import { Problem } from '../problem.ts';

export const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const OWN = new Set(['same-origin', 'none']);
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/i;

type Sent = Pick<FastifyRequest, 'method' | 'headers'>;

/**
 * A page of another site can make a visitor's browser send forms to us, with the visitor's password or from within
 * the visitor's network. Browsers say whose form it was; devices and programs say nothing, and may.
 */
export function refuseOtherSites({ method, headers }: Sent): void {
  if (!SAFE_METHODS.has(method)) refuseForeignPages({ headers });
}

/** For what is asked safely, and yet is not to be had by another site's page, since it lasts. */
export function refuseForeignPages({ headers }: Pick<Sent, 'headers'>): void {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const foreign = (typeof site === 'string' && !OWN.has(site)) || (origin !== undefined && hostOf(origin) !== host);
  if (foreign) throw new Problem({ status: 403, code: 'cross-site', title: 'Sent from another site' });
}

/**
 * For a service that is meant for this machine alone: a name of somebody else's that leads here (DNS rebinding) would
 * make their page our own in a browser's eyes, and being on this machine is all that some routes ask for.
 *
 * A service that other machines reach does without: by which names it is known, nobody has told it. What such a page
 * gains there is what anybody in the network has, a connection. A browser keeps passwords by name, and sends none of
 * ours to that page's; over HTTPS the page is not even shown, as our certificate is not for its name.
 */
export async function requireLoopbackHost({ headers }: Pick<FastifyRequest, 'headers'>): Promise<void> {
  if (LOOPBACK.test(headers.host ?? '')) return;
  const detail = 'This service answers to 127.0.0.1, localhost and [::1] only.';
  throw new Problem({ status: 421, code: 'wrong-host', title: 'Not for this host', detail });
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null; // 'null', as sandboxed pages send it.
  }
}
