import type { FastifySchema } from 'fastify';
import type { Server } from './typed-server.ts';

/** What callers can show, by the names that a route's `schema.security` calls them. */
export const securitySchemes = {
  basic: { type: 'http', scheme: 'basic', description: 'The name and the password of a user.' },
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token of /auth/login.' },
  deviceToken: { type: 'apiKey', in: 'header', name: 'X-Device-Token', description: 'The token of one device.' },
} as const;

/** Either of the two will do. */
export const signedInUser: NonNullable<FastifySchema['security']> = [{ basic: [] }, { bearer: [] }];

/** Says of every route of a scope what its hook asks for; a route that names its own `security` is left alone. */
export function documentCredentials(scope: Server, security: NonNullable<FastifySchema['security']>): void {
  scope.addHook('onRoute', (route) => {
    if (route.schema) route.schema = { security, ...route.schema };
  });
}
