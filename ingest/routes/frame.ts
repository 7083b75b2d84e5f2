import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { KnownDevice } from '../../http/access/devices/device-tokens.ts';
import { deviceOf } from '../../http/access/devices/require-device.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import type { Fault } from '../../http/validation.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import type { SentFrame } from '../accept-frame.ts';
import { announcedBytes, refuseAnnounced, requireMultipart } from '../announced.ts';
import type { Boots } from '../boots.ts';
import type { IngestConfig } from '../config.ts';
import { frameAnswers, JPEG } from '../frame-answers.ts';
import { answerFrame, type FrameIntake } from '../frame-intake.ts';
import { type FrameMeta, frameMeta, statedTime } from '../frame-meta.ts';
import { dayOf } from '../object-key.ts';
import { readJpegPart, requireJpeg } from '../read-jpeg.ts';
import { META_BYTES_MAX, readMetaPart } from '../read-meta-part.ts';

export interface FrameDependencies {
  readonly intake: FrameIntake;
  readonly boots: Boots;
  readonly clock: Clock;
  readonly config: IngestConfig;
}

export const MISSING_IMAGE: Fault = { in: 'body', pointer: '#/image', detail: 'is missing' };
export const MISSING_META: Fault = { in: 'body', pointer: '#/meta', detail: 'is missing' };

/** `POST /api/v1/ingest/frame`: multipart with the parts `meta` (JSON) and `image`. */
export function registerFrame(app: Server, dependencies: FrameDependencies): void {
  const { intake, config } = dependencies;
  const schema = {
    tags: ['frames'],
    summary: 'Send a picture and what is said of it',
    description: 'The part `meta` is JSON. The seq makes the frame what it is: sent again, it is a duplicate.',
    requestBody: { 'multipart/form-data': Type.Object({ meta: frameMeta, image: JPEG }) },
    response: frameAnswers,
  };
  app.post('/api/v1/ingest/frame', { schema }, (request, reply) => {
    const device = deviceOf(request);
    refuseAnnounced(request, config.FRAME_BYTES_MAX);
    return intake.within(request, announcedBytes(request, config.FRAME_BYTES_MAX), async () => {
      const { meta, image } = await readParts(request, config.FRAME_BYTES_MAX);
      // Before what it says of the device's boot is noted.
      await request.signedBody?.requireBody();
      const faults = [
        ...(meta === null ? [MISSING_META] : isFaults(meta) ? meta : []),
        ...(image ? [] : [MISSING_IMAGE]),
      ];
      if (!image || !meta || isFaults(meta)) throw invalidFrame(faults);
      const frame = await asFrame(dependencies, device, meta, requireJpeg(image));
      return answerFrame(reply, await intake.take(request, frame));
    });
  });
}

async function readParts(
  request: FastifyRequest,
  frameBytesMax: number,
): Promise<{ meta: FrameMeta | readonly Fault[] | null; image: Buffer | null }> {
  requireMultipart(request, 'the parts meta and image');
  let meta: FrameMeta | readonly Fault[] | null = null;
  let image: Buffer | null = null;
  for await (const part of request.parts({ limits: { fieldSize: META_BYTES_MAX } })) {
    if (part.type === 'file' && part.fieldname === 'image' && image === null)
      image = await readJpegPart(part, frameBytesMax);
    else if (part.fieldname === 'meta' && meta === null) meta = await readMetaPart(part);
    else throw unknownPart(part.fieldname);
  }
  return { meta, image };
}

export async function asFrame(
  { boots, clock }: Pick<FrameDependencies, 'boots' | 'clock'>,
  device: KnownDevice,
  meta: FrameMeta,
  jpeg: Buffer,
): Promise<Omit<SentFrame, 'trace'>> {
  const { id: deviceId, epoch } = deviceOf({ device }, meta.device_id);
  const nowMs = clock.nowMs();
  const time = await statedTime({ boots, nowMs }, deviceId, meta.capture_ts, meta);
  // No name that `objectKeyOf` gives out begins with a word.
  const stem = `devices/${deviceId}/${dayOf(nowMs)}/frame-${epoch}-${meta.seq}`;
  return { deviceId, identity: { epoch, seq: meta.seq }, time, jpeg, blob: { stem }, source: 'frame' };
}

export function isFaults(meta: FrameMeta | readonly Fault[]): meta is readonly Fault[] {
  return Array.isArray(meta);
}

export function invalidFrame(errors: readonly Fault[]): Problem {
  const detail = 'The frame is not as it must be; errors names each place.';
  return new Problem({ status: 422, code: 'invalid-frame', title: 'Not a frame', detail, errors });
}

export function unknownPart(name = '(without a name)'): Problem {
  const detail = `The parts are meta and image, each once. This is one too many: ${name.slice(0, 100)}`;
  return new Problem({ status: 422, code: 'unknown-part', title: 'Not a frame', detail });
}
