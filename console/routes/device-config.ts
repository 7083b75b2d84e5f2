import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from 'typebox';
import type { Access } from '../../http/access/access.ts';
import { requireRole } from '../../http/access/require-role.ts';
import { userOf } from '../../http/access/require-user.ts';
import type { User } from '../../http/access/users.ts';
import { nullable, time } from '../../http/answer-types.ts';
import { Problem } from '../../http/problem.ts';
import { problemSchema } from '../../http/problem-schema.ts';
import type { Server } from '../../http/server.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import type { Store } from '../../ports/store/store.ts';
import { deviceSettings } from '../../schemas/device-settings.ts';
import { DEVICE_ID } from '../../schemas/identity.ts';
import { type ConfigVersion, createConfigVersions, type DeviceOfFleet } from '../config-versions.ts';
import type { ConfigPublisher } from '../publish-configs.ts';
import { pageAnswer } from './answers.ts';
import { filters, pageOf } from './filters.ts';

export interface DeviceConfigDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly configPublisher: Pick<ConfigPublisher, 'publish'>;
  readonly access: Pick<Access, 'requireUserNow'>;
}

/** It is stored by then; whoever waits for an answer need not wait for a log that does not. */
const PUBLISHING_WAIT_MS = 1_500;
const VERSION_MAX = 2 ** 31 - 2;

const params = Type.Object({ device_id: Type.String({ pattern: DEVICE_ID, description: 'a device' }) });
const version = Type.Integer({ minimum: 0, maximum: VERSION_MAX });
const body = Type.Object(
  {
    version: Type.Optional({ ...version, description: 'The version that was seen; or say it by If-Match.' }),
    settings: deviceSettings,
  },
  { additionalProperties: false },
);

const listed = Type.Object(
  {
    version,
    created_at: nullable(time('Null for the built-in one, version 0.')),
    created_by: nullable(Type.String({ description: 'Who made it, if they are still there.' })),
    published: Type.Boolean({ description: 'Whether it has its place among the frames.' }),
  },
  { title: 'ConfigurationVersion' },
);
const answer = Type.Object(
  { device_id: Type.String(), ...listed.properties, settings: deviceSettings },
  { title: 'Configuration' },
);

const stale = {
  description: 'Somebody else has changed it meanwhile.',
  content: {
    'application/problem+json': {
      schema: Type.Object({ ...problemSchema.properties, current_version: version }, { title: 'StaleVersion' }),
    },
  },
};

/**
 * `/devices/{device_id}/config`: what a device is to do and how its pictures are looked at. Whoever changes it says
 * which version they have seen, so that no change is lost under another. Each version is kept.
 */
export function registerDeviceConfig(
  app: Server,
  { store, clock, configPublisher, access }: DeviceConfigDependencies,
): void {
  const versions = createConfigVersions({ store });
  const tags = ['devices'];

  const querystring = Type.Object({ version: Type.Optional(version) });
  const readSchema = {
    tags,
    summary: "A device's configuration: the newest, or the version named",
    params,
    querystring,
    response: { 200: answer },
  };
  app.get('/devices/:device_id/config', { schema: readSchema }, async (request, reply) => {
    const device = deviceOfFleet(request.params.device_id, request.user);
    const wanted = request.query.version;
    const found = wanted === undefined ? await versions.find(device) : await versions.findVersion(device, wanted);
    if (found === 'no-version') throw noSuchVersion();
    const config = seen(found);
    // Only the newest is something that If-Match could hold against.
    if (wanted === undefined) reply.header('etag', etagOf(config.version));
    return reply.header('cache-control', 'private, no-cache').send(asAnswer(device.deviceId, config));
  });

  const listing = Type.Object({ page: filters.page, page_size: filters.page_size });
  const listSchema = {
    tags,
    summary: "All versions of a device's configuration, newest first",
    params,
    querystring: listing,
    response: { 200: Type.Object({ versions: Type.Array(listed), ...pageAnswer }) },
  };
  app.get('/devices/:device_id/config/versions', { schema: listSchema }, async ({ params, query, user }) => {
    const device = deviceOfFleet(params.device_id, user);
    const newest = seen(await versions.find(device));
    const rows = await versions.list(device.deviceId, {
      limit: query.page_size,
      offset: (query.page - 1) * query.page_size,
    });
    // Versions have no gaps, so the newest says how many there are.
    return { versions: rows.map(asListed), ...pageOf(query, newest.version, rows.length) };
  });

  const writeSchema = {
    tags,
    summary: "Replaces a device's settings; what is left out gets its default",
    params,
    body,
    response: { 200: answer, 409: stale, 412: stale },
  };
  const onRequest = [access.requireUserNow, requireRole('operator')];
  app.put('/devices/:device_id/config', { schema: writeSchema, onRequest }, async (request, reply) => {
    const device = deviceOfFleet(request.params.device_id, request.user);
    const { settings, version: stated } = request.body;
    const matching = request.headers['if-match'];
    let added: number | null = null;
    // Again if another was quicker since we looked: If-Match may name several versions, or any.
    while (added === null) {
      const current = seen(await versions.find(device)).version;
      refuseUnlessSeen({ matching, stated, current });
      added = await versions.add({ ...device, after: current, settings, createdBy: device.userId }, clock.nowMs());
    }
    const published = await Promise.race([
      // Should it fail, the next sweep does it, and tells of what fails again.
      configPublisher.publish(device.deviceId).catch(() => false),
      sleep(PUBLISHING_WAIT_MS, false, { ref: false }),
    ]);
    const config = await versions.findVersion(device, added);
    if (config === 'no-version') throw new Error(`the configuration ${added} of ${device.deviceId} is gone`);
    reply.header('etag', etagOf(added));
    return { ...asAnswer(device.deviceId, seen(config)), published };
  });
}

function deviceOfFleet(deviceId: string, user: User | null): DeviceOfFleet & { readonly userId: string } {
  const { fleetId, id: userId } = userOf({ user });
  return { deviceId, fleetId, userId };
}

function seen<Found>(found: Found | 'no-device'): Found {
  if (found === 'no-device') throw new Problem({ status: 404, code: 'no-such-device', title: 'No such device' });
  return found;
}

function noSuchVersion(): Problem {
  return new Problem({ status: 404, code: 'no-such-version', title: 'No such version' });
}

interface Seen {
  readonly matching: string | undefined;
  readonly stated: number | undefined;
  readonly current: number;
}

function refuseUnlessSeen({ matching, stated, current }: Seen): void {
  const tags = matching?.split(',').map((tag) => tag.trim());
  // `*` says that there is one, and there always is: it would be no check at all.
  const named = tags?.includes('*') ? undefined : tags;
  if (named === undefined && stated === undefined) {
    const detail = 'Say which version this follows: by If-Match with the ETag of the one you have seen, or by version.';
    throw new Problem({ status: 428, code: 'version-missing', title: 'Which version was seen?', detail });
  }
  if (named && !named.includes(etagOf(current))) throw staleVersion(412, current);
  if (stated !== undefined && stated !== current) throw staleVersion(409, current);
}

function staleVersion(status: 409 | 412, current: number): Problem {
  return new Problem({
    status,
    code: 'stale-version',
    title: 'The configuration has changed',
    detail: `The newest version is ${current}. Look at it, and say what is to follow it.`,
    headers: { etag: etagOf(current) },
    members: { current_version: current },
  });
}

function etagOf(version: number): string {
  return `"${version}"`;
}

function asAnswer(deviceId: string, { settings, ...listed }: ConfigVersion) {
  return { device_id: deviceId, ...asListed(listed), settings };
}

function asListed({ version, createdAt, createdBy, published }: Omit<ConfigVersion, 'settings'>) {
  return { version, created_at: createdAt, created_by: createdBy, published };
}
