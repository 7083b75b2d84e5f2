import multipart from '@fastify/multipart';
import type { Registry } from 'prom-client';
import type { DeviceAccess } from '../http/access/devices/device-access.ts';
import { documentCredentials } from '../http/credentials.ts';
import { problemOf } from '../http/problem-of.ts';
import type { Server } from '../http/server.ts';
import type { Blobs } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import type { Log } from '../ports/log/log.ts';
import type { Store } from '../ports/store/store.ts';
import type { Tracing } from '../ports/tracing/tracing.ts';
import type { Codec } from '../schemas/codec.ts';
import { createAcceptFrame } from './accept-frame.ts';
import { createAcceptHeartbeat } from './accept-heartbeat.ts';
import { createBoots } from './boots.ts';
import { createByteBudget } from './byte-budget.ts';
import { createClaims } from './claims.ts';
import type { IngestConfig } from './config.ts';
import { createDeviceConfigs } from './device-config.ts';
import type { DiskGuard } from './disk-guard.ts';
import { createFrameIntake, REQUEST_BYTES } from './frame-intake.ts';
import { createIngestMetrics } from './metrics.ts';
import type { Outcomes } from './outcomes.ts';
import { registerActivate } from './routes/activate.ts';
import { registerDeviceConfig } from './routes/device-config.ts';
import { registerFrame } from './routes/frame.ts';
import { registerFrames } from './routes/frames.ts';
import { registerHeartbeat } from './routes/heartbeat.ts';
import { registerIngestObject } from './routes/ingest-object.ts';
import { registerTime } from './routes/time.ts';
import { registerUpload } from './routes/upload.ts';
import { registerPutObject, registerUploadUrl } from './routes/upload-url.ts';
import { placesHere, type UploadPlaces } from './upload-places.ts';
import { createUploadTickets } from './upload-tickets.ts';

export interface IngestDependencies {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly log: Log;
  readonly clock: Clock;
  readonly codec: Codec;
  readonly metrics: Registry;
  readonly tracing?: Tracing | null;
  /** Where it is counted what becomes of frames. */
  readonly outcomes: Pick<Outcomes, 'add'>;
  /** Whether there is room for frames. */
  readonly diskGuard: Pick<DiskGuard, 'requireRoom'>;
  readonly config: IngestConfig;
  readonly secret: string;
  /** Whether the log is in the store's own database, so that what is committed to one is on the disk with the other. */
  readonly logInStore?: boolean;
  /** Where devices put pictures themselves, if not here. */
  readonly places?: UploadPlaces;
  readonly devices: Pick<DeviceAccess, 'requireDevice' | 'pairings' | 'tokens' | 'signatures'>;
}

/** What devices talk to: how they come by a token, and the dialects in which they send frames with it. */
export async function registerIngest(app: Server, dependencies: IngestDependencies): Promise<void> {
  const { store, config, metrics: registry, outcomes, secret, devices, diskGuard } = dependencies;
  await app.register(multipart, {
    // Whoever reads a part sees to it: of many in one request, one that is too large is not the end of the others.
    throwFileSizeLimit: false,
    limits: { fileSize: config.FRAME_BYTES_MAX, files: 2, fields: 8, fieldSize: 1_024, parts: 10, headerPairs: 20 },
  });
  // One picture fits, whatever was set: turned away for want of room, it would be sent again for ever.
  const roomBytes = Math.max(REQUEST_BYTES, config.IN_FLIGHT_BYTES_MAX, config.FRAME_BYTES_MAX);
  const budget = createByteBudget(roomBytes, Math.max(roomBytes / 4, 8 * REQUEST_BYTES, config.FRAME_BYTES_MAX));
  const metrics = createIngestMetrics(registry, budget);
  const claims = createClaims(dependencies);
  const acceptFrame = createAcceptFrame({ ...dependencies, claims, onUnconfirmed: metrics.unconfirmed });
  const intake = createFrameIntake({ acceptFrame, budget, diskGuard, metrics, outcomes });
  const tickets = createUploadTickets({ secret });
  const parts = {
    places: placesHere(tickets, config.PUBLIC_URL),
    ...dependencies,
    claims,
    intake,
    boots: createBoots({ store }),
    tickets,
    configs: createDeviceConfigs({ store }),
  };

  await app.register(async (open: Server) => {
    // Here rather than in handlers, which most of what is wrong with a request never reaches.
    open.addHook('onError', async (request, _reply, error) => {
      // What a hook returns would be the error for the next one.
      metrics.refused(problemOf(error, request).code);
    });
    registerActivate(open, devices);
    registerTime(open, dependencies);
    await open.register(async (signed: Server) => {
      countRefusals(signed, outcomes);
      registerPutObject(signed, { ...parts, isActive: devices.tokens.isActive });
    });
    await open.register(async (known: Server) => {
      documentCredentials(known, [{ deviceToken: [] }]);
      known.addHook('onRequest', devices.requireDevice);
      // A body that is read by the route itself is looked at when all of it is in.
      known.addHook('preHandler', async (request) => {
        if (!request.isMultipart()) await request.signedBody?.requireBody();
      });
      await known.register(async (taking: Server) => {
        countRefusals(taking, outcomes);
        registerUpload(taking, parts);
        registerIngestObject(taking, parts);
        registerFrame(taking, parts);
        registerFrames(taking, parts);
      });
      registerUploadUrl(known, parts);
      registerDeviceConfig(known, parts);
      registerHeartbeat(known, { acceptHeartbeat: createAcceptHeartbeat(dependencies) });
    });
  });
}

/** Of routes that take pictures: what is wrong with anything else is no frame's outcome. */
function countRefusals(app: Server, outcomes: Pick<Outcomes, 'add'>): void {
  app.addHook('onError', async (request, _reply, error) => {
    const { code, status } = problemOf(error, request);
    outcomes.add({ deviceId: request.deviceId, code, status });
  });
}
