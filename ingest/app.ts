import multipart from '@fastify/multipart';
import type { Registry } from 'prom-client';
import type { Server } from '../http/server.ts';
import type { Blobs } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import type { Log } from '../ports/log/log.ts';
import type { Store } from '../ports/store/store.ts';
import type { Codec } from '../schemas/codec.ts';
import { createAcceptFrame } from './accept-frame.ts';
import { createByteBudget } from './byte-budget.ts';
import { createClaims } from './claims.ts';
import type { IngestConfig } from './config.ts';
import { createIngestMetrics } from './metrics.ts';
import { REQUEST_BYTES, registerUpload } from './routes/upload.ts';

export interface IngestDependencies {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly log: Log;
  readonly clock: Clock;
  readonly codec: Codec;
  readonly metrics: Registry;
  readonly config: IngestConfig;
}

/** What devices talk to. */
export async function registerIngest(app: Server, dependencies: IngestDependencies): Promise<void> {
  const { store, config, metrics } = dependencies;
  await app.register(multipart, {
    limits: { fileSize: config.FRAME_BYTES_MAX, files: 2, fields: 8, fieldSize: 1_024, parts: 10, headerPairs: 20 },
  });
  const claims = createClaims({ store, devicesMax: config.DEVICES_MAX });
  const acceptFrame = createAcceptFrame({ ...dependencies, claims });
  // One picture fits, whatever was set: turned away for want of room, it would be sent again for ever.
  const budget = createByteBudget(Math.max(REQUEST_BYTES, config.IN_FLIGHT_BYTES_MAX, config.FRAME_BYTES_MAX));
  registerUpload(app, { acceptFrame, budget, config, metrics: createIngestMetrics(metrics, budget) });
}
