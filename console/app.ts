import type { Access } from '../http/access/access.ts';
import type { DeviceAccess } from '../http/access/devices/device-access.ts';
import { requireRole } from '../http/access/require-role.ts';
import { createUserManagement } from '../http/access/user-management.ts';
import { documentCredentials, signedInUser } from '../http/credentials.ts';
import type { Server } from '../http/server.ts';
import type { Blobs } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import type { Log } from '../ports/log/log.ts';
import type { LagWatch } from '../ports/log/watch-lag.ts';
import type { Store } from '../ports/store/store.ts';
import type { Codec } from '../schemas/codec.ts';
import { createDevices } from './devices.ts';
import type { DiskWatch } from './disk-watch.ts';
import { createErasures } from './erasures/erasures.ts';
import type { LetterActions } from './letter-actions.ts';
import type { LiveEvents } from './live-events/live-events.ts';
import type { ConfigPublisher } from './publish-configs.ts';
import { createReadDisk } from './read-disk.ts';
import { registerAdminDisk } from './routes/admin-disk.ts';
import { registerAdminIngest } from './routes/admin-ingest.ts';
import { registerAdminMetrics } from './routes/admin-metrics.ts';
import { registerAdminQueue } from './routes/admin-queue.ts';
import { registerAdminRetention } from './routes/admin-retention.ts';
import { registerAudit } from './routes/audit.ts';
import { registerCaptures } from './routes/captures.ts';
import { registerChangeDeadLetters } from './routes/change-dead-letters.ts';
import { registerChangeDevices } from './routes/change-devices.ts';
import { registerDeadLetters } from './routes/dead-letters.ts';
import { registerDeleteEvent } from './routes/delete-event.ts';
import { registerDeviceConfig } from './routes/device-config.ts';
import { registerPair, registerRotateToken } from './routes/device-credentials.ts';
import { registerDevices } from './routes/devices.ts';
import { registerDocs } from './routes/docs.ts';
import { registerErasures } from './routes/erasures.ts';
import { registerEvent } from './routes/event.ts';
import { registerEventSocket } from './routes/event-socket.ts';
import { registerEventStats } from './routes/event-stats.ts';
import { registerEventStream } from './routes/event-stream.ts';
import { registerEvents } from './routes/events.ts';
import { registerJobs } from './routes/jobs.ts';
import { registerLedger } from './routes/ledger.ts';
import { registerOccupancy } from './routes/occupancy.ts';
import { registerPage } from './routes/page.ts';
import { registerSchemas } from './routes/schemas.ts';
import { registerChangeSites, registerSites } from './routes/sites.ts';
import { registerSnapshot } from './routes/snapshot.ts';
import { registerStatus } from './routes/status.ts';
import { registerUsers } from './routes/users.ts';
import { registerVisits } from './routes/visits.ts';
import { createSites } from './sites.ts';

export interface ConsoleDependencies {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly lag: LagWatch;
  readonly log: Pick<Log, 'eraseConsumed'>;
  readonly diskWatch: DiskWatch;
  /** Whose schemas are told to whoever reads records. */
  readonly codec: Pick<Codec, 'schemas' | 'decode'>;
  readonly access: Pick<Access, 'requireUser' | 'requireUserNow' | 'register'>;
  readonly devices: Pick<DeviceAccess, 'pairings' | 'tokens' | 'signatures' | 'requireDevice'>;
  readonly configPublisher: Pick<ConfigPublisher, 'publish'>;
  readonly letterActions: LetterActions;
  readonly liveEvents: Pick<LiveEvents, 'listen' | 'close'>;
}

/**
 * What people read, and what they manage: the page and the API behind it. All of that shows people, so all of it asks
 * who is looking; the schemas of records show nobody, and neither does the description of the API. Whoever changes
 * something is looked up, and must be more than a viewer.
 */
export async function registerConsole(app: Server, dependencies: ConsoleDependencies): Promise<void> {
  const { access, devices: deviceAccess, store, clock } = dependencies;
  const parts = {
    devices: createDevices({ store, nowMs: clock.nowMs }),
    sites: createSites({ store, nowMs: clock.nowMs }),
    userManagement: createUserManagement({ store, nowMs: clock.nowMs }),
  };
  const requireManager = [access.requireUser, access.requireUserNow, requireRole('operator')];
  registerSchemas(app, dependencies.codec);
  await registerDocs(app);
  access.register(app);
  await app.register(async (signedIn: Server) => {
    signedIn.addHook('onRequest', access.requireUser);
    documentCredentials(signedIn, signedInUser);
    registerPage(signedIn);
    registerStatus(signedIn, dependencies);
    registerEvents(signedIn, dependencies.store);
    registerEventStream(signedIn, dependencies.liveEvents);
    registerEventSocket(signedIn, dependencies.liveEvents);
    registerEventStats(signedIn, dependencies.store);
    registerEvent(signedIn, dependencies.store);
    registerCaptures(signedIn, dependencies);
    registerJobs(signedIn, dependencies);
    registerSnapshot(signedIn, dependencies);
    registerDeviceConfig(signedIn, dependencies);
    registerLedger(signedIn, dependencies);
    registerOccupancy(signedIn, dependencies);
    registerVisits(signedIn, dependencies);
    registerDeadLetters(signedIn, dependencies);
    registerDevices(signedIn, parts);
    registerSites(signedIn, parts);
  });
  await app.register(async (administering: Server) => {
    // Reading goes by the token, so that how things are can be asked while the database is away.
    for (const hook of [access.requireUser, requireRole('operator')]) administering.addHook('onRequest', hook);
    documentCredentials(administering, signedInUser);
    const readDisk = createReadDisk(dependencies);
    registerAdminMetrics(administering, { ...dependencies, readDisk });
    registerAdminIngest(administering, dependencies);
    registerAdminQueue(administering, dependencies);
    registerAdminDisk(administering, { readDisk });
    registerAdminRetention(administering, dependencies);
  });
  await app.register(async (managing: Server) => {
    for (const hook of requireManager) managing.addHook('onRequest', hook);
    documentCredentials(managing, signedInUser);
    registerPair(managing, deviceAccess);
    registerChangeDevices(managing, parts);
    registerChangeSites(managing, parts);
    registerDeleteEvent(managing, dependencies);
    registerUsers(managing, parts);
    registerChangeDeadLetters(managing, dependencies);
    registerAudit(managing, dependencies);
    registerErasures(managing, { ...dependencies, erasures: createErasures(dependencies) });
  });
  registerRotateToken(app, { ...deviceAccess, devices: parts.devices, requireManager });
}
