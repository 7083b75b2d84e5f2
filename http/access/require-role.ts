import type { FastifyRequest } from 'fastify';
import { Problem } from '../problem.ts';
import type { Role } from './users.ts';

/** Each may do what those before it may. */
const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

/** An `onRequest` hook for after `requireUser`: whoever is signed in as less is refused. */
export function requireRole(role: Role): (request: Pick<FastifyRequest, 'user'>) => Promise<void> {
  return async ({ user }) => {
    if (user && RANK[user.role] >= RANK[role]) return;
    const detail = `This takes a user with the role ${role}${role === 'admin' ? '' : ' or more'}.`;
    throw new Problem({ status: 403, code: 'not-allowed', title: 'Not allowed', detail });
  };
}
