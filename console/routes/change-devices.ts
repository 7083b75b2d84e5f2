import { Type } from 'typebox';
import { requireRole } from '../../http/access/require-role.ts';
import { userOf } from '../../http/access/require-user.ts';
import type { UserManagement } from '../../http/access/user-management.ts';
import { nothing } from '../../http/answer-types.ts';
import type { Server } from '../../http/server.ts';
import { deviceRetention } from '../../schemas/device-retention.ts';
import type { Devices } from '../devices.ts';
import { deviceAnswer } from './devices.ts';
import { device, revocation } from './management-answers.ts';
import { requireSmallJson } from './metadata.ts';
import { deviceParams, NAME, UUID } from './names.ts';

const tags = ['devices'];
const params = deviceParams;

/** `PATCH` and `DELETE /devices/{id}`, `POST /devices/{id}/revoke`. */
export function registerChangeDevices(
  app: Server,
  { devices, userManagement }: { readonly devices: Devices; readonly userManagement: UserManagement },
): void {
  const body = Type.Object(
    {
      name: Type.Optional(Type.Union([NAME, Type.Null()])),
      site_id: Type.Optional(Type.Union([UUID, Type.Null()])),
      metadata: Type.Optional(
        Type.Record(Type.String(), Type.Unknown(), { description: 'Takes the place of what was there; up to 4 KB.' }),
      ),
      retention: Type.Optional(deviceRetention),
      requires_signature: Type.Optional(Type.Boolean({ description: 'Whether it must sign what it sends.' })),
      owner: Type.Optional(Type.String({ maxLength: 200, description: 'The name of a user; for administrators.' })),
    },
    { additionalProperties: false, minProperties: 1 },
  );
  const requireAdmin = requireRole('admin');
  const ofChange = {
    tags,
    summary: 'Name a device, put it at a site, note something about it',
    params,
    body,
    response: { 200: device },
  };
  app.patch('/devices/:device_id', { schema: ofChange }, async (request) => {
    const { name, site_id: siteId, metadata, retention, owner, requires_signature: requiresSignature } = request.body;
    const user = userOf(request);
    if (owner !== undefined) await requireAdmin(request);
    if (metadata !== undefined) requireSmallJson(metadata);
    // Before the owner is looked for: that there is no such device comes first.
    await devices.find(user.fleetId, request.params.device_id);
    const ownerId = owner === undefined ? undefined : await userManagement.findOwner(owner);
    const change = { name, siteId, ownerId, requiresSignature, metadata, retention };
    return deviceAnswer(await devices.change(user.fleetId, request.params.device_id, change, user), user);
  });

  const response = { 204: nothing('It is let in no more, and its pairing code is over.') };
  const ofDelete = { tags, summary: 'Delete a device; what it has sent stays', params, response };
  app.delete('/devices/:device_id', { schema: ofDelete }, async (request, reply) => {
    await devices.remove(userOf(request).fleetId, request.params.device_id);
    return reply.code(204).send();
  });

  const ofRevoke = {
    tags,
    summary: 'Let a device in no more, until it is paired anew',
    params,
    response: { 200: revocation },
  };
  app.post('/devices/:device_id/revoke', { schema: ofRevoke }, async (request) => {
    const { device_id } = request.params;
    return { device_id, revoked_at: await devices.revoke(userOf(request).fleetId, device_id) };
  });
}
