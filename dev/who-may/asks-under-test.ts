import { randomUUID } from 'node:crypto';
import { PASSWORD } from '../../http/access/people-under-test.ts';
import { picture } from '../../ingest/rig-under-test.ts';
import { BOUNDARY, multipart, type Part } from '../../ingest/routes/server-under-test.ts';
import { fixedCodec } from '../../schemas/codec.ts';
import type { Control } from '../../schemas/types.ts';
import type { Device, Sent, World } from './world-under-test.ts';

/** What is asked, each time of something that nobody has asked about before. */
type Ask = (world: World, device: Device) => Sent | Promise<Sent>;

let seq = 0;
const unused = () => `unused-${seq++}`;
const ofDevice =
  (rest = '', payload?: object): Ask =>
  (_, { id }) => ({ url: `/devices/${id}${rest}`, ...(payload ? { payload } : {}) });

const frame = (device: string): readonly Part[] => [
  {
    name: 'meta',
    content: JSON.stringify({
      device_id: device,
      capture_ts: '2026-05-01T12:00:00Z',
      seq: seq++,
      width: 4,
      height: 3,
      jpeg_quality: 9,
    }),
  },
  { name: 'image', filename: 'frame.jpg', content: picture('a picture') },
];
const asMultipart = (parts: readonly Part[]) => ({
  payload: multipart(parts),
  headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
});

async function siteOf(world: World): Promise<string> {
  const { body } = await world.send('console', 'POST', {
    url: '/sites',
    payload: { name: unused(), time_zone: 'UTC' },
    headers: await world.people.bearer('ann'),
  });
  return `/sites/${JSON.parse(body).site_id}`;
}

async function viewerOf(world: World): Promise<string> {
  const viewer = { username: unused(), password: PASSWORD, role: 'viewer' } as const;
  const { id } = await world.people.management.create(world.people.userOf('ann'), viewer);
  return `/users/${id}`;
}

async function refreshToken(world: World): Promise<{ readonly refresh_token: string }> {
  const payload = { username: 'bob', password: PASSWORD };
  const { body } = await world.send('console', 'POST', { url: '/auth/login', payload });
  return { refresh_token: JSON.parse(body).refresh_token };
}

async function uploadAddress(world: World, { token }: Device, number: number): Promise<Record<string, string>> {
  const payload = { filename: 'frame.jpg', content_type: 'image/jpeg', seq: number };
  const headers = { 'x-device-token': token };
  const { body } = await world.send('ingest', 'POST', { url: '/devices/upload-url', payload, headers });
  return JSON.parse(body);
}

const ofLetter =
  (rest = ''): Ask =>
  async (world, { id: device }) => {
    const id = randomUUID();
    await world.addDeadLetter(id, device);
    // Its bytes are not there, so that there is something to be given.
    const value = fixedCodec.encode('control', tickOf(device)).toString('base64');
    return { url: `/api/v1/dead-letters/${id}${rest}`, ...(rest === '/redrive' ? { payload: { value } } : {}) };
  };

const tickOf = (device: string): Control => ({
  control_id: randomUUID(),
  device_id: device,
  issued_at: 0,
  body: { kind: 'TickControl', at: 0 },
});

/** Where an event is that has its snapshot. */
async function eventOf(world: World, { id }: Device): Promise<string> {
  const [eventId, at, key] = [
    randomUUID(),
    new Date(world.nowMs()).toISOString(),
    `snapshots/${id}/${randomUUID()}.png`,
  ];
  await world.addEvent(eventId, id, at);
  await world.blobs.put(key, Buffer.from('drawn'));
  await world.addSnapshot(eventId, at, key);
  const url = `/api/events?camera_id=${id}`;
  const { body } = await world.send('console', 'GET', { url, headers: await world.people.bearer('admin') });
  return `/api/events/${JSON.parse(body).events[0].id}`;
}

async function letterAction(world: World): Promise<string> {
  const url = '/api/v1/dead-letters/discard?code=none';
  const { body } = await world.send('console', 'POST', { url, headers: await world.people.bearer('ann') });
  return `/api/v1/dead-letters/actions/${JSON.parse(body).id}`;
}

/** By route, where it takes more than its own path. */
export const asks: Readonly<Record<string, Ask>> = {
  'GET /schemas/ids/:id': () => ({ url: '/schemas/ids/1' }),
  'GET /schemas/ids/:id/subjects': () => ({ url: '/schemas/ids/1/subjects' }),
  'GET /schemas/ids/:id/versions': () => ({ url: '/schemas/ids/1/versions' }),
  'GET /subjects/:subject/versions': () => ({ url: '/subjects/events-value/versions' }),
  'GET /subjects/:subject/versions/:version': () => ({ url: '/subjects/events-value/versions/latest' }),

  'GET /api/v1/occupancy': (_, { id }) => ({ url: `/api/v1/occupancy?device_id=${id}` }),
  'GET /api/v1/dead-letters/:id': ofLetter(),
  'GET /api/v1/dead-letters/actions/:id': async (world) => ({ url: await letterAction(world) }),
  'POST /api/v1/dead-letters/:id/redrive': ofLetter('/redrive'),
  'POST /api/v1/dead-letters/:id/discard': ofLetter('/discard'),
  'POST /api/v1/dead-letters/redrive': () => ({ url: '/api/v1/dead-letters/redrive?code=none' }),
  'POST /api/v1/dead-letters/discard': () => ({ url: '/api/v1/dead-letters/discard?code=none' }),
  'GET /api/v1/erasures/:id': async (world, { id }) => {
    const payload = { kind: 'person', person_id: unused(), device_id: id };
    const headers = await world.people.bearer('admin');
    const { body } = await world.send('console', 'POST', { url: '/api/v1/erasures', payload, headers });
    return { url: `/api/v1/erasures/${JSON.parse(body).id}` };
  },
  'POST /api/v1/erasures': (_, { id }) => ({ url: '/api/v1/erasures', payload: { kind: 'device', device_id: id } }),
  'GET /docs/static/*': () => ({ url: '/docs/static/swagger-ui.css' }),
  'POST /auth/login': () => ({ url: '/auth/login', payload: { username: 'bob', password: PASSWORD } }),
  'POST /auth/refresh': async (world) => ({ url: '/auth/refresh', payload: await refreshToken(world) }),
  'POST /auth/logout': async (world) => ({ url: '/auth/logout', payload: await refreshToken(world) }),
  'POST /auth/password': () => ({
    url: '/auth/password',
    payload: { current_password: PASSWORD, new_password: PASSWORD },
  }),

  'GET /api/captures/:frame_id/image': async (world, { id }) => {
    const [frameId, key] = [randomUUID(), `images/${id}/1.jpg`];
    await world.blobs.put(key, picture('a picture'));
    await world.addCapture(frameId, id, key);
    return { url: `/api/captures/${frameId}/image` };
  },
  // It does not end; whoever is let in is told so at once.
  'GET /api/events/stream': () => ({ url: '/api/events/stream', payloadAsStream: true }),
  'GET /api/events/:number': async (world, device) => ({ url: await eventOf(world, device) }),
  'DELETE /api/events/:number': async (world, device) => ({ url: await eventOf(world, device) }),
  'GET /api/events/:number/snapshot': async (world, device) => ({ url: `${await eventOf(world, device)}/snapshot` }),

  'GET /devices/:device_id': ofDevice(),
  'PATCH /devices/:device_id': ofDevice('', { name: 'Another name' }),
  'DELETE /devices/:device_id': ofDevice(),
  'POST /devices/:device_id/revoke': ofDevice('/revoke'),
  'POST /devices/:device_id/token/rotate': ofDevice('/token/rotate'),
  'GET /devices/:device_id/config': ofDevice('/config'),
  'GET /devices/:device_id/config/versions': ofDevice('/config/versions'),
  'GET /devices/:id/ledger': ofDevice('/ledger'),
  'PUT /devices/:device_id/config': ofDevice('/config', { version: 0, settings: {} }),
  'POST /devices/pair': (_, { id }) => ({ url: '/devices/pair', payload: { device_id: id } }),

  'POST /sites': () => ({ url: '/sites', payload: { name: unused(), time_zone: 'UTC' } }),
  'GET /sites/:site_id': async (world) => ({ url: await siteOf(world) }),
  'PATCH /sites/:site_id': async (world) => ({ url: await siteOf(world), payload: { time_zone: 'Asia/Tokyo' } }),
  'DELETE /sites/:site_id': async (world) => ({ url: await siteOf(world) }),

  'POST /users': () => ({
    url: '/users',
    payload: { username: unused(), password: PASSWORD, role: 'viewer', owner: 'ann' },
  }),
  'GET /users/:user_id': async (world) => ({ url: await viewerOf(world) }),
  'PATCH /users/:user_id': async (world) => ({ url: await viewerOf(world), payload: { password: PASSWORD } }),
  'DELETE /users/:user_id': async (world) => ({ url: await viewerOf(world) }),

  'POST /devices/activate': async (world) => ({
    url: '/devices/activate',
    payload: { pairing_code: await world.pairingCode() },
  }),
  'GET /api/v1/device/config': (_, { id }) => ({ url: `/api/v1/device/config?device_id=${id}` }),
  'POST /api/v1/ingest/heartbeat': (_, { id }) => ({
    url: '/api/v1/ingest/heartbeat',
    payload: { device_id: id, boot_id: 'b1', uptime_s: 61, queue_depth: 0, fw_version: '1.0' },
  }),
  'POST /upload': (world, { id }) => ({
    url: `/upload?device=${id}`,
    ...asMultipart([{ filename: `${world.nowMs()}.jpg`, content: picture('a picture') }]),
  }),
  'POST /api/v1/ingest/frame': (_, { id }) => ({ url: '/api/v1/ingest/frame', ...asMultipart(frame(id)) }),
  'POST /api/v1/ingest/frames': (_, { id }) => ({ url: '/api/v1/ingest/frames', ...asMultipart(frame(id)) }),
  'POST /devices/upload-url': () => ({
    url: '/devices/upload-url',
    payload: { filename: 'frame.jpg', content_type: 'image/jpeg', seq: seq++ },
  }),
  'PUT /devices/objects/devices/:device_id/:year/:month/:day/:name': async (world, device) => ({
    url: (await uploadAddress(world, device, seq++)).upload_path ?? '',
    payload: picture('a picture'),
    headers: { 'content-type': 'image/jpeg' },
  }),
  'POST /devices/ingest': async (world, device) => {
    const number = seq++;
    const { object_key = '' } = await uploadAddress(world, device, number);
    await world.blobs.put(object_key, picture('a picture'));
    const payload = { object_key, captured_at: '2026-05-01T12:00:00Z', seq: number };
    return { url: '/devices/ingest', payload };
  },
};
