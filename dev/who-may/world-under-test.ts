import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { registerConsole } from '../../console/app.ts';
import { openDiskWatch } from '../../console/disks-under-test.ts';
import { createLetterActions } from '../../console/letter-actions.ts';
import { createLiveEvents } from '../../console/live-events/live-events.ts';
import { NO_LIMITS, SECRET } from '../../http/access/devices/devices-under-test.ts';
import { type Name, openPeople, type People } from '../../http/access/people-under-test.ts';
import { createServer } from '../../http/server.ts';
import { registerIngest } from '../../ingest/app.ts';
import { createOutcomes } from '../../ingest/outcomes.ts';
import { startIngestRig } from '../../ingest/rig-under-test.ts';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { statement } from '../../ports/store/statement.ts';
import { fixedCodec } from '../../schemas/codec.ts';

const insertCapture = statement(import.meta.url, '../../console/sql/test-insert-capture.sql');
const insertDeadLetter = statement(import.meta.url, '../../console/sql/test-insert-dead-letter.sql');
const insertEvent = statement(import.meta.url, '../../console/sql/test-insert-event.sql');
const nameSnapshot = statement(import.meta.url, '../../console/sql/test-name-snapshot.sql');

/** Who asks, and as whom of the people; the devices have nobody. */
export const CALLERS: readonly (readonly [caller: string, person: Name | null])[] = [
  ['nobody', null],
  ['an unknown token', null],
  ['the device', null],
  ["another owner's device", null],
  ['a revoked device', null],
  ['a viewer', 'ann-viewer'],
  ['an operator', 'ann'],
  ['another operator', 'bob'],
  ['an administrator', 'admin'],
];

export type ServiceName = 'console' | 'ingest';
export type Sent = Pick<InjectOptions, 'payload' | 'headers' | 'payloadAsStream'> & { readonly url: string };

export interface Device {
  readonly id: string;
  readonly token: string;
}

/** Both services on one database, people and their devices: all that is asked about is ann's. */
export interface World {
  readonly people: People;
  readonly blobs: Blobs;
  readonly nowMs: () => number;
  readonly routes: Readonly<Record<ServiceName, readonly string[]>>;
  /** One of ann's that nobody else has seen. */
  device(): Promise<Device>;
  pairingCode(): Promise<string>;
  addCapture(id: string, device: string, blobKey: string): Promise<void>;
  addEvent(id: string, device: string, at: string): Promise<void>;
  addSnapshot(id: string, at: string, key: string): Promise<void>;
  addDeadLetter(id: string, device: string): Promise<void>;
  send(service: ServiceName, method: string, sent: Sent): Promise<LightMyRequestResponse>;
  /** What proves who is asking about this device. */
  proofOf(caller: string, device: Device): Promise<Readonly<Record<string, string>>>;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const { services, clock, devices } = await startIngestRig();
  const { store } = services;
  const { nowMs } = clock;
  const blobs = services.openBlobs();
  const people = await openPeople({ store, nowMs });
  const routes = { console: [] as string[], ingest: [] as string[] };
  const parts = { store, blobs, clock, codec: fixedCodec };

  const open = (service: ServiceName) => {
    const app = createServer({ logger: pino({ level: 'silent' }), metrics: new Registry() });
    app.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) if (one !== 'HEAD') routes[service].push(`${one} ${url}`);
    });
    return app;
  };
  const apps = { console: open('console'), ingest: open('ingest') };
  const configPublisher = { publish: async () => true };
  const lag = { readers: [], look: async () => undefined };
  const diskWatch = openDiskWatch({ blobs, clock });
  const log = await services.openLog(clock);
  const letterActions = createLetterActions({ ...parts, log });
  const { access } = people;
  const liveEvents = createLiveEvents({ ...parts, metrics: new Registry(), lookAgain: access.lookAgain });
  const forPeople = { ...parts, lag, log, diskWatch, access, devices, configPublisher, letterActions, liveEvents };
  await registerConsole(apps.console, forPeople);
  await registerIngest(apps.ingest, {
    ...parts,
    log,
    metrics: new Registry(),
    outcomes: createOutcomes(parts),
    diskGuard: { requireRoom: () => undefined },
    config: {
      ...NO_LIMITS,
      HEARTBEAT_INTERVAL_S: 60,
      FRAME_BYTES_MAX: 32_768,
      REQUEST_BYTES_MAX: 65_536,
      IN_FLIGHT_BYTES_MAX: 1_048_576,
      DISK_FREE_MIN_BYTES: 0,
    },
    secret: SECRET,
    devices,
  });

  let made = 0;
  async function enrol(owner: Name): Promise<Device> {
    const { id: ownerId, fleetId } = people.userOf(owner);
    const { deviceId, code } = await devices.pairings.pair({ deviceId: `camera-${made++}`, ownerId, fleetId });
    const { token } = await devices.pairings.activate(code, '192.0.2.1');
    return { id: deviceId, token: token.token };
  }
  const [bobs, revoked] = [await enrol('bob'), await enrol('ann')];
  await apps.console.inject({
    method: 'POST',
    url: `/devices/${revoked.id}/revoke`,
    headers: await people.bearer('ann'),
  });

  return {
    people,
    blobs,
    nowMs,
    routes,
    device: () => enrol('ann'),
    async pairingCode() {
      const { id: ownerId, fleetId } = people.userOf('ann');
      return (await devices.pairings.pair({ ownerId, fleetId })).code;
    },
    addCapture: async (id, device, blobKey) =>
      void (await store.run(insertCapture, [id, new Date(nowMs()), device, 1, 'done', blobKey])),
    addEvent: async (id, device, at) => void (await store.run(insertEvent, [id, at, 'motion', device, {}])),
    addSnapshot: async (id, at, key) => void (await store.run(nameSnapshot, [id, at, key])),
    addDeadLetter: async (id, device) => void (await store.run(insertDeadLetter, [id, device, new Date(nowMs())])),
    send: (service, method, sent) => apps[service].inject({ method: method as 'GET', ...sent }),
    async proofOf(caller, device) {
      const token = new Map([
        ['an unknown token', `devtok_${'x'.repeat(43)}`],
        ['the device', device.token],
        ["another owner's device", bobs.token],
        ['a revoked device', revoked.token],
      ]).get(caller);
      const person = CALLERS.find(([name]) => name === caller)?.[1];
      return { ...(token ? { 'x-device-token': token } : {}), ...(person ? await people.bearer(person) : {}) };
    },
    async stop() {
      await Promise.all(Object.values(apps).map((app) => app.close()));
      await services.stop();
    },
  };
}
