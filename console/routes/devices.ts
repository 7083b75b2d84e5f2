import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import type { User } from '../../http/access/users.ts';
import type { Server } from '../../http/server.ts';
import type { DeviceRow, Devices } from '../devices.ts';
import { pageOf, paging, rowsOf } from './filters.ts';
import { device, devicePage } from './management-answers.ts';
import { deviceParams, UUID } from './names.ts';

const tags = ['devices'];

/** `GET /devices`, `GET /devices/{id}`: which cameras there are, where they stand, and how they are. */
export function registerDevices(app: Server, { devices }: { readonly devices: Devices }): void {
  const querystring = Type.Object({ site_id: Type.Optional(UUID), ...paging });
  const ofList = { tags, summary: 'The devices, by their ids', querystring, response: { 200: devicePage } };
  app.get('/devices', { schema: ofList }, async (request) => {
    const { query } = request;
    const user = userOf(request);
    const wanted = { siteId: query.site_id ?? null, ...rowsOf(query) };
    const { devices: rows, total } = await devices.list(user.fleetId, wanted);
    return { devices: rows.map((row) => deviceAnswer(row, user)), ...pageOf(query, total, rows.length) };
  });

  const ofOne = { tags, summary: 'One device', params: deviceParams, response: { 200: device } };
  app.get('/devices/:device_id', { schema: ofOne }, async (request) => {
    const user = userOf(request);
    return deviceAnswer(await devices.find(user.fleetId, request.params.device_id), user);
  });
}

/** Whose it is says something to those alone who see more than one owner's. */
export function deviceAnswer({ id, owner, ...row }: DeviceRow, { fleetId }: Pick<User, 'fleetId'>) {
  return { device_id: id, ...row, ...(fleetId === null ? { owner } : {}) };
}
