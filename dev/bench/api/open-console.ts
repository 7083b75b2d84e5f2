import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { registerConsole } from '../../../console/app.ts';
import { openDiskWatch } from '../../../console/disks-under-test.ts';
import { createLetterActions } from '../../../console/letter-actions.ts';
import { createLiveEvents } from '../../../console/live-events/live-events.ts';
import { createAccess } from '../../../http/access/access.ts';
import { createDeviceAccess } from '../../../http/access/devices/device-access.ts';
import { NO_LIMITS, SECRET } from '../../../http/access/devices/devices-under-test.ts';
import { createServer } from '../../../http/server.ts';
import type { Blobs } from '../../../ports/blobs/blobs.ts';
import { systemClock as clock } from '../../../ports/clock/system.ts';
import { createMemoryLog } from '../../../ports/log/memory.ts';
import { createPostgresStore } from '../../../ports/store/postgres.ts';
import { fixedCodec as codec } from '../../../schemas/codec.ts';

const PASSWORD = 'bench-bench-bench';

/** The console as it is served, of a database that is there; and what somebody sends who has signed in. */
export async function openConsole(connectionString: string, blobs: Blobs) {
  // As console/main.ts has it.
  const store = createPostgresStore({
    connectionString,
    connectionsMax: 6,
    name: 'bench console',
    plansByValues: true,
  });
  const metrics = new Registry();
  const app = createServer({ logger: pino({ level: 'silent' }), metrics });
  const log = createMemoryLog({ partitionCount: 1, clock });
  const asked = { store, secret: SECRET, nowMs: clock.nowMs };
  const access = createAccess(asked);
  await access.users.ensureAdministrator({ password: PASSWORD });
  await registerConsole(app, {
    ...{ store, blobs, clock, codec, log, access },
    lag: { readers: [], look: async () => undefined },
    diskWatch: openDiskWatch({ blobs, clock }),
    devices: createDeviceAccess({ ...asked, config: NO_LIMITS }),
    configPublisher: { publish: async () => true },
    letterActions: createLetterActions({ store, log, codec, clock }),
    liveEvents: createLiveEvents({ store, clock, metrics, lookAgain: access.lookAgain }),
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const body = JSON.stringify({ username: 'admin', password: PASSWORD });
  const signedIn = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const { access_token } = (await signedIn.json()) as { readonly access_token: string };
  return {
    store,
    url,
    headers: { authorization: `Bearer ${access_token}` },
    stop: async () => {
      await app.close();
      await store.close();
    },
  };
}
