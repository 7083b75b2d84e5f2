import { Type } from 'typebox';
import { deviceOf } from '../../http/access/devices/require-device.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import { type Blobs, isKey } from '../../ports/blobs/blobs.ts';
import type { Claims, FrameIdentity } from '../claims.ts';
import { frameAnswers } from '../frame-answers.ts';
import { answerFrame } from '../frame-intake.ts';
import { SEQ, SINCE_BOOT, STATED_TIME, statedTime } from '../frame-meta.ts';
import { isObjectOf } from '../object-key.ts';
import { requireJpeg, tooLarge } from '../read-jpeg.ts';
import type { FrameDependencies } from './frame.ts';

const body = Type.Object({
  object_key: Type.String({ maxLength: 300 }),
  captured_at: STATED_TIME,
  seq: SEQ,
  content_type: Type.Optional(Type.Literal('image/jpeg')),
  ntp_synced: Type.Optional(Type.Boolean()),
  ...SINCE_BOOT,
});

/** `POST /devices/ingest`: a picture that the device has put in place itself becomes a frame. */
export function registerIngestObject(
  app: Server,
  {
    intake,
    boots,
    blobs,
    claims,
    clock,
    config,
  }: FrameDependencies & { readonly blobs: Blobs; readonly claims: Claims },
): void {
  const schema = {
    tags: ['frames'],
    summary: 'Say that a picture is in its place',
    body,
    response: frameAnswers,
  };
  app.post('/devices/ingest', { schema }, (request, reply) => {
    const { id: deviceId, epoch } = deviceOf(request);
    const { object_key: key, captured_at: stated, seq, ...timed } = request.body;
    if (!isKey(key) || !isObjectOf(key, { deviceId, epoch, seq })) throw notYours();
    return intake.within(request, config.FRAME_BYTES_MAX, async () => {
      const jpeg = await readObject(key, { deviceId, epoch, seq });
      const time = await statedTime({ boots, nowMs: clock.nowMs() }, deviceId, stated, timed);
      const frame = { deviceId, identity: { epoch, seq }, time, jpeg, blob: { storedAt: key }, source: 'ingest' };
      return answerFrame(reply, await intake.take(request, frame));
    });
  });

  /** What is no frame and cannot become one is deleted, so that the device can put another in its place. */
  async function readObject(key: string, identity: FrameIdentity): Promise<Buffer> {
    const head = await blobs.head(key);
    if (!head) throw noObject();
    try {
      if (head.sizeBytes > config.FRAME_BYTES_MAX) throw tooLarge(config.FRAME_BYTES_MAX);
      const bytes = await blobs.get(key);
      if (!bytes) throw noObject();
      return requireJpeg(bytes);
    } catch (error) {
      if (error instanceof Problem && !(await claims.isKnown(identity))) await blobs.delete(key);
      throw error;
    }
  }
}

function notYours(): Problem {
  const detail = 'object_key must be one that POST /devices/upload-url has given this device for this seq.';
  return new Problem({ status: 422, code: 'wrong-object-key', title: 'Not an object of this frame', detail });
}

function noObject(): Problem {
  const detail = 'There is no object of this name. PUT the picture first, to the address of POST /devices/upload-url.';
  return new Problem({ status: 409, code: 'no-such-object', title: 'No such object', detail });
}
