import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createDeviceAccess, type DeviceAccess } from '../../http/access/devices/device-access.ts';
import { NO_LIMITS, SECRET } from '../../http/access/devices/devices-under-test.ts';
import type { LookAgain } from '../../http/access/look-again.ts';
import type { User } from '../../http/access/users.ts';
import { checkAnswers } from '../../http/answers-under-test.ts';
import { createServer, type Server } from '../../http/server.ts';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { createManualClock, type ManualClock } from '../../ports/clock/manual.ts';
import type { Log } from '../../ports/log/log.ts';
import type { LagWatch } from '../../ports/log/watch-lag.ts';
import { type ServicesUnderTest, startServices } from '../../ports/store/services-under-test.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import { fixedCodec } from '../../schemas/codec.ts';
import { logTopics } from '../../schemas/topics.ts';
import { type ConsoleDependencies, registerConsole } from '../app.ts';
import type { DiskWatch } from '../disk-watch.ts';
import { openDiskWatch } from '../disks-under-test.ts';
import { createLetterActions, type LetterActions } from '../letter-actions.ts';
import { createLiveEvents, type LiveEvents } from '../live-events/live-events.ts';
import { type ConfigPublisher, createConfigPublisher } from '../publish-configs.ts';

export const NOW_MS = Date.UTC(2026, 4, 1, 12);

const sql = {
  capture: statement(import.meta.url, '../sql/test-insert-capture.sql'),
  device: statement(import.meta.url, '../sql/test-insert-device.sql'),
  event: statement(import.meta.url, '../sql/test-insert-event.sql'),
  snapshot: statement(import.meta.url, '../sql/test-name-snapshot.sql'),
  deadLetter: statement(import.meta.url, '../sql/test-insert-dead-letter.sql'),
};

export interface ConsoleUnderTest {
  readonly app: Server;
  readonly services: ServicesUnderTest;
  readonly blobs: Blobs;
  readonly clock: ManualClock;
  readonly diskWatch: DiskWatch;
  readonly log: Log;
  readonly deviceAccess: DeviceAccess;
  readonly letterActions: LetterActions;
  readonly liveEvents: LiveEvents;
  readonly metrics: Registry;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  addCapture(
    values: readonly [id: string, at: string, device: string, seq: number, state: string, blobKey: string | null],
  ): Promise<void>;
  addDevice(values: readonly [id: string, seen: string, nextSeq: number, confirmed: readonly number[]]): Promise<void>;
  addEvent(values: readonly [id: string, at: string, type: string, device: string, data: object]): Promise<void>;
  /** Of an event; the blob is somebody else's affair. */
  addSnapshot(values: readonly [id: string, at: string, key: string]): Promise<void>;
  addDeadLetter(values: readonly [id: string, device: string, at: string]): Promise<void>;
  stop(): Promise<void>;
}

type Row = Readonly<Record<string, unknown>>;

/** The members that some answer has; a test of one that has not finds `undefined`. */
interface Body {
  readonly events: readonly Row[];
  readonly captures: readonly Row[];
  readonly devices: readonly Row[];
  readonly errors: readonly Row[];
  readonly total: number;
  readonly has_more: boolean;
  readonly code: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
  readonly body: Body;
}

const lag: LagWatch = {
  readers: [{ group: 'aggregator', topic: 'events', records: 3, ageMs: 1_500 }],
  look: async () => undefined,
};

type OneOrPromised<Value> = Value | Promise<Value>;

type AccessUnderTest = ConsoleDependencies['access'] & { readonly lookAgain?: LookAgain };

/** Where nobody listens. */
export const noLiveEvents: ConsoleDependencies['liveEvents'] = {
  listen: () => Promise.reject(new Error('nobody is to listen')),
  close: () => undefined,
};

/** Lets everybody in, as somebody who may everything. */
export const openAccess: Required<AccessUnderTest> = {
  requireUser: async (request) => {
    const user: User = { id: idOf(0), username: 'admin', role: 'admin', fleetId: null };
    request.user = user;
    request.proof = { user, sessionId: null, untilMs: null, passwordStamp: null };
  },
  requireUserNow: async () => undefined,
  lookAgain: async () => new Set(),
  register: () => undefined,
};

export async function startConsole(
  createAccess: (store: Store, clock: ManualClock) => OneOrPromised<AccessUnderTest> = () => openAccess,
  change: (publisher: ConfigPublisher) => ConsoleDependencies['configPublisher'] = (publisher) => publisher,
): Promise<ConsoleUnderTest> {
  const services = await startServices({
    migrations: new URL('../../aggregator/migrations/', import.meta.url),
    topics: logTopics,
  });
  const { store } = services;
  const blobs = services.openBlobs();
  const metrics = new Registry();
  const app = createServer({ logger: pino({ level: 'silent' }), metrics });
  checkAnswers(app);
  const clock = createManualClock(NOW_MS);
  const log = await services.openLog(clock);
  const configPublisher = change(createConfigPublisher({ store, log, codec: fixedCodec, clock }));
  const deviceAccess = createDeviceAccess({ store, secret: SECRET, config: NO_LIMITS, nowMs: clock.nowMs });
  const access = await createAccess(store, clock);
  const diskWatch = openDiskWatch({ blobs, clock });
  const letterActions = createLetterActions({ store, log, codec: fixedCodec, clock });
  const { lookAgain = openAccess.lookAgain } = access;
  const liveEvents = createLiveEvents({ store, clock, metrics, lookAgain });
  const parts = {
    store,
    blobs,
    clock,
    lag,
    log,
    diskWatch,
    codec: fixedCodec,
    configPublisher,
    letterActions,
    liveEvents,
  };
  await registerConsole(app, { ...parts, access, devices: deviceAccess });
  return {
    app,
    services,
    blobs,
    clock,
    diskWatch,
    log,
    deviceAccess,
    letterActions,
    liveEvents,
    metrics,
    async get(path, headers = {}) {
      const { statusCode, headers: answered, rawPayload } = await app.inject({ url: path, headers });
      const isJson = String(answered['content-type']).includes('json');
      const body: Body = JSON.parse(isJson ? rawPayload.toString() : '{}');
      return { status: statusCode, headers: answered, bytes: rawPayload, body };
    },
    addCapture: async (values) => void (await store.run(sql.capture, values)),
    addDevice: async (values) => void (await store.run(sql.device, values)),
    addEvent: async (values) => void (await store.run(sql.event, values)),
    addSnapshot: async (values) => void (await store.run(sql.snapshot, values)),
    addDeadLetter: async (values) => void (await store.run(sql.deadLetter, values)),
    stop: async () => {
      await app.close();
      await services.stop();
    },
  };
}

export function idOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}
