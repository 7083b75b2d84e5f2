import { Type } from 'typebox';
import { deviceOf } from '../../http/access/devices/require-device.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import { announcedBytes } from '../announced.ts';
import type { IngestConfig } from '../config.ts';
import { JPEG } from '../frame-answers.ts';
import type { FrameIntake } from '../frame-intake.ts';
import { SEQ } from '../frame-meta.ts';
import { FILE_NAME, objectKeyOf } from '../object-key.ts';
import { readJpegBody, tooLarge } from '../read-jpeg.ts';
import type { UploadPlaces } from '../upload-places.ts';
import type { UploadTickets } from '../upload-tickets.ts';

const VALID_MS = 10 * 60_000;
const CONTENT_TYPE = 'image/jpeg';

const body = Type.Object({
  filename: Type.String({
    pattern: FILE_NAME,
    description: 'up to 100 letters, digits, . _ = -, the first a letter, a digit or _',
  }),
  content_type: Type.Literal(CONTENT_TYPE),
  seq: SEQ,
});

/** `POST /devices/upload-url`: where a device may put one picture, for ten minutes. */
export function registerUploadUrl(
  app: Server,
  { places, clock }: { readonly places: UploadPlaces; readonly clock: Clock },
): void {
  const schema = {
    tags: ['frames'],
    summary: 'Ask where to put a picture',
    body,
    response: {
      200: Type.Object({
        upload_host: Type.String(),
        upload_port: Type.Integer(),
        upload_path: Type.String(),
        upload_url: Type.String({ description: 'The three in one.' }),
        headers: Type.Record(Type.String(), Type.String(), { description: 'To be sent along.' }),
        expires_at: Type.String({ format: 'date-time' }),
        object_key: Type.String({ description: 'For POST /devices/ingest.' }),
      }),
    },
  };
  app.post('/devices/upload-url', { schema }, async (request, reply) => {
    const { id: deviceId, epoch } = deviceOf(request);
    const nowMs = clock.nowMs();
    const objectKey = objectKeyOf({ deviceId, epoch, ...request.body }, nowMs);
    const wanted = { objectKey, contentType: CONTENT_TYPE, nowMs, validMs: VALID_MS };
    const { url: uploadUrl, headers } = await places(wanted, request);
    const url = new URL(uploadUrl);
    reply.header('cache-control', 'no-store');
    return {
      upload_host: url.hostname,
      upload_port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
      upload_path: `${url.pathname}${url.search}`,
      upload_url: uploadUrl,
      headers,
      expires_at: new Date(nowMs + VALID_MS).toISOString(),
      object_key: objectKey,
    };
  });
}

/** `PUT /devices/objects/…`: the picture itself, at an address that `upload-url` has signed. */
export function registerPutObject(
  app: Server,
  {
    intake,
    blobs,
    tickets,
    isActive,
    clock,
    config,
  }: {
    readonly intake: FrameIntake;
    readonly blobs: Blobs;
    readonly tickets: UploadTickets;
    readonly isActive: (deviceId: string) => Promise<boolean>;
    readonly clock: Clock;
    readonly config: IngestConfig;
  },
): void {
  const querystring = Type.Object({
    expires: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    signature: Type.String({ maxLength: 100 }),
  });
  const segment = Type.String();
  const params = Type.Object({ device_id: segment, year: segment, month: segment, day: segment, name: segment });
  // Whatever it says that it is: what it is, its first bytes tell.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  const stored = Type.Object({ object_key: Type.String() });
  const schema = {
    tags: ['frames'],
    summary: 'Put a picture in its place',
    description: 'At an address that POST /devices/upload-url has given out, which is credential enough.',
    querystring,
    params,
    requestBody: { 'image/jpeg': JPEG },
    response: { 200: stored, 201: stored },
  };
  app.put('/devices/objects/devices/:device_id/:year/:month/:day/:name', { schema }, async (request, reply) => {
    const { expires: expiresAtMs, signature } = request.query;
    const { device_id: deviceId, year, month, day, name } = request.params;
    const key = ['devices', deviceId, year, month, day, name].join('/');
    if (!tickets.isSigned({ objectKey: key, expiresAtMs }, signature)) throw notSigned();
    if (clock.nowMs() > expiresAtMs) throw expired();
    request.deviceId = deviceId;
    if (!(await isActive(deviceId))) throw notSigned();
    if (Number(request.headers['content-length']) > config.FRAME_BYTES_MAX) throw tooLarge(config.FRAME_BYTES_MAX);
    return intake.within(request, announcedBytes(request, config.FRAME_BYTES_MAX), async () => {
      const jpeg = await readJpegBody(request.raw, config.FRAME_BYTES_MAX);
      if ((await blobs.put(key, jpeg)) === 'stored') return reply.code(201).send({ object_key: key });
      if (!(await blobs.get(key))?.equals(jpeg)) throw takenObject();
      return reply.send({ object_key: key });
    });
  });
}

function notSigned(): Problem {
  const detail = 'This address is not one that POST /devices/upload-url has given out.';
  return new Problem({ status: 403, code: 'not-signed', title: 'Not an upload address', detail });
}

function expired(): Problem {
  const detail = 'This address was good for ten minutes. Ask for another one.';
  return new Problem({ status: 403, code: 'address-expired', title: 'The upload address is over', detail });
}

function takenObject(): Problem {
  const detail = 'Another picture has been put here. Each picture needs a seq of its own.';
  return new Problem({ status: 409, code: 'seq-taken', title: 'The seq is taken', detail });
}
