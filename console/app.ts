import type { Access } from '../http/access/access.ts';
import type { Server } from '../http/server.ts';
import type { Blobs } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import type { LagWatch } from '../ports/log/watch-lag.ts';
import type { Store } from '../ports/store/store.ts';
import type { Codec } from '../schemas/codec.ts';
import { registerCaptures } from './routes/captures.ts';
import { registerEvents } from './routes/events.ts';
import { registerPage } from './routes/page.ts';
import { registerSchemas } from './routes/schemas.ts';
import { registerSnapshot } from './routes/snapshot.ts';
import { registerStatus } from './routes/status.ts';

export interface ConsoleDependencies {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly lag: LagWatch;
  /** Whose schemas are told to whoever reads records. */
  readonly codec: Pick<Codec, 'schemas'>;
  readonly access: Pick<Access, 'requireUser' | 'register'>;
}

/**
 * What people read: the page and the API behind it. All of that shows people, so all of it asks who is looking; the
 * schemas of records show nobody.
 */
export async function registerConsole(app: Server, dependencies: ConsoleDependencies): Promise<void> {
  const { access } = dependencies;
  registerSchemas(app, dependencies.codec);
  access.register(app);
  await app.register(async (signedIn: Server) => {
    signedIn.addHook('onRequest', access.requireUser);
    registerPage(signedIn);
    registerStatus(signedIn, dependencies);
    registerEvents(signedIn, dependencies.store);
    registerCaptures(signedIn, dependencies);
    registerSnapshot(signedIn, dependencies);
  });
}
