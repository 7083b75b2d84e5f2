import type { FastifyRequest } from 'fastify';
import { Problem } from '../problem.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * A page of another site can make a visitor's browser send forms to us, with the visitor's password or from within
 * the visitor's network. Browsers say whose form it was; devices and programs say nothing, and may.
 */
export function refuseOtherSites({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): void {
  if (SAFE_METHODS.has(method) || headers['sec-fetch-site'] !== 'cross-site') return;
  throw new Problem({ status: 403, code: 'cross-site', title: 'Sent from another site' });
}
