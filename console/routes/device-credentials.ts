import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { DeviceAccess } from '../../http/access/devices/device-access.ts';
import { deviceOf } from '../../http/access/devices/require-device.ts';
import { userOf } from '../../http/access/require-user.ts';
import { signedInUser } from '../../http/credentials.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import type { Devices } from '../devices.ts';
import { pairing, rotation } from './management-answers.ts';
import { deviceParams, NAME, NEW_DEVICE_ID, UUID } from './names.ts';

const tags = ['devices'];

/** `POST /devices/pair`: a code which a device trades in for its token, at `/devices/activate` of ingest. */
export function registerPair(app: Server, { pairings }: Pick<DeviceAccess, 'pairings'>): void {
  const body = Type.Object(
    {
      device_id: Type.Optional(NEW_DEVICE_ID),
      name: Type.Optional(NAME),
      site_id: Type.Optional(UUID),
    },
    { additionalProperties: false },
  );
  const summary = 'A pairing code for a new device, or for one that is to begin anew';
  const schema = { tags, summary, body, response: { 201: pairing } };
  // Nothing has to be said about a device: then there need be no body either.
  const preValidation = async (request: FastifyRequest) => {
    request.body ??= {};
  };
  app.post('/devices/pair', { schema, preValidation }, async (request, reply) => {
    const { device_id: deviceId, name, site_id: siteId } = request.body;
    const { id, fleetId } = userOf(request);
    const {
      deviceId: paired,
      code,
      expiresAtMs,
    } = await pairings.pair({
      deviceId,
      name,
      siteId,
      ownerId: fleetId ?? id,
      fleetId,
    });
    reply.code(201).header('cache-control', 'no-store');
    return reply.send({ device_id: paired, pairing_code: code, expires_at: new Date(expiresAtMs) });
  });
}

/** `POST /devices/{id}/token/rotate`: for the device itself, or somebody who manages it. */
export function registerRotateToken(
  app: Server,
  {
    devices,
    tokens,
    signatures,
    requireDevice,
    requireManager,
  }: Pick<DeviceAccess, 'tokens' | 'signatures' | 'requireDevice'> & {
    readonly devices: Devices;
    readonly requireManager: readonly ((request: FastifyRequest) => Promise<void>)[];
  },
): void {
  const schema = {
    tags,
    summary: 'A new token for a device that has one',
    security: [...signedInUser, { deviceToken: [] }],
    params: deviceParams,
    response: { 200: rotation },
  };
  const onRequest = async (request: FastifyRequest) => {
    const isDevice = request.headers['x-device-token'] !== undefined && request.headers.authorization === undefined;
    if (isDevice) await requireDevice(request);
    else for (const hook of requireManager) await hook(request);
  };
  app.post('/devices/:device_id/token/rotate', { schema, onRequest }, async (request, reply) => {
    const { device_id } = request.params;
    await request.signedBody?.requireBody();
    if (request.device) deviceOf(request, device_id);
    else await devices.find(userOf(request).fleetId, device_id);
    const token = await tokens.rotate(device_id);
    if (token === null) throw notActive();
    reply.header('cache-control', 'no-store');
    return { device_id, device_token: token.token, signing_key: signatures.keyOf(token.digest) };
  });
}

function notActive(): Problem {
  const detail = 'Only a token that lets in has a successor. This device is revoked or not activated: pair it.';
  return new Problem({ status: 409, code: 'device-not-active', title: 'The device has no token in use', detail });
}
