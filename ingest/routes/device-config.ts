import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { deviceOf } from '../../http/access/devices/require-device.ts';
import { nothing, oneOf } from '../../http/answer-types.ts';
import { namesTag } from '../../http/entity-tag.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import { deviceSettings } from '../../schemas/device-settings.ts';
import { DEVICE_ID } from '../../schemas/identity.ts';
import type { IngestConfig } from '../config.ts';
import type { DeviceConfig, DeviceConfigs } from '../device-config.ts';

const querystring = Type.Object({
  device_id: Type.Optional(Type.String({ pattern: DEVICE_ID, description: 'the device, as its token says too' })),
});

const answer = Type.Object(
  {
    device_id: Type.String(),
    version: Type.Integer({ description: '0 is the built-in one.' }),
    ...deviceSettings.properties.device.properties,
    heartbeat_interval_s: Type.Integer({ description: 'When to be heard from again.' }),
    capture_mode: oneOf(['baseline', 'burst', 'paused'], 'What is in force now, whatever is usual.'),
  },
  { title: 'DeviceConfiguration' },
);

/**
 * `GET /api/v1/device/config`: what the device is to do, asked for again and again. It costs next to nothing while
 * nothing has changed: 304, by the ETag of the answer before.
 */
export function registerDeviceConfig(
  app: Server,
  {
    configs,
    clock,
    config: { HEARTBEAT_INTERVAL_S: intervalS },
  }: {
    readonly configs: DeviceConfigs;
    readonly clock: Clock;
    readonly config: Pick<IngestConfig, 'HEARTBEAT_INTERVAL_S'>;
  },
): void {
  // Sent as text, since its digest is in the ETag.
  const response = { 200: Type.Unsafe<string>(answer), 304: nothing('It is as it was.') };
  const schema = { tags: ['devices'], summary: 'What this device is to do', querystring, response };
  app.get('/api/v1/device/config', { schema }, async (request, reply) => {
    const { id } = deviceOf(request, request.query.device_id);
    const config = await configs.fetch(id, clock.nowMs());
    if (!config) throw noSuchDevice();
    const body = JSON.stringify(asAnswer(id, config, intervalS));
    const etag = etagOf(config, body);
    reply.header('etag', etag).header('cache-control', 'private, no-cache');
    if (namesTag(request.headers['if-none-match'], etag)) return reply.code(304).send();
    return reply.type('application/json').send(body);
  });
}

function asAnswer(deviceId: string, { version, mode, settings }: DeviceConfig, usualIntervalS: number) {
  const heartbeat_interval_s = settings.heartbeat_interval_s ?? usualIntervalS;
  return { device_id: deviceId, version, ...settings, heartbeat_interval_s, capture_mode: mode };
}

/** A later release may answer the same version and mode with more: the digest tells its answers from this one's. */
function etagOf({ version, mode }: DeviceConfig, body: string): string {
  return `"${version}-${mode}-${createHash('sha256').update(body).digest('hex').slice(0, 8)}"`;
}

function noSuchDevice(): Problem {
  return new Problem({ status: 404, code: 'no-such-device', title: 'No such device' });
}
