import type { FastifyRequest } from 'fastify';
import type { Server } from '../http/server.ts';
import type { Blobs } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import type { LagWatch } from '../ports/log/watch-lag.ts';
import type { Store } from '../ports/store/store.ts';
import { registerCaptures } from './routes/captures.ts';
import { registerEvents } from './routes/events.ts';
import { registerPage } from './routes/page.ts';
import { registerStatus } from './routes/status.ts';

export interface ConsoleDependencies {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly lag: LagWatch;
  /** Lets nobody past who has not signed in. */
  readonly requireUser: (request: FastifyRequest) => Promise<void>;
}

/** What people read: the page and the API behind it. All of it shows people, so all of it asks who is looking. */
export async function registerConsole(app: Server, dependencies: ConsoleDependencies): Promise<void> {
  await app.register(async (signedIn: Server) => {
    signedIn.addHook('onRequest', dependencies.requireUser);
    registerPage(signedIn);
    registerStatus(signedIn, dependencies);
    registerEvents(signedIn, dependencies.store);
    registerCaptures(signedIn, dependencies);
  });
}
