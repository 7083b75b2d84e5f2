import { readFileSync } from 'node:fs';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { Server } from '../../http/server.ts';

/**
 * `/docs`: the API in a browser, from the document that is committed (`npm run openapi`), which is all of it: the
 * console alone knows only its own routes. Its scripts and styles come from here, and keep to our security policy.
 */
export async function registerDocs(app: Server): Promise<void> {
  const document = JSON.parse(readFileSync(new URL('../../schemas/openapi.json', import.meta.url), 'utf8'));
  // In a scope of its own: what it adds to a server is nobody else's affair.
  await app.register(async (docs: Server) => {
    await docs.register(swagger, { mode: 'static', specification: { document } });
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      // Without the bar that asks for another document's address.
      uiConfig: { layout: 'BaseLayout', docExpansion: 'list', tagsSorter: 'alpha' },
      theme: { title: 'Passerby API' },
    });
  });
}
