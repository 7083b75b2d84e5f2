import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { deviceOf } from '../../http/access/devices/require-device.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import { DEVICE_ID } from '../../schemas/identity.ts';
import { announcedBytes, refuseAnnounced, requireMultipart } from '../announced.ts';
import type { IngestConfig } from '../config.ts';
import { frameAnswers, JPEG } from '../frame-answers.ts';
import { answerFrame, type FrameIntake } from '../frame-intake.ts';
import { readJpegPart, requireJpeg } from '../read-jpeg.ts';

/**
 * `POST /upload?device=ID`: one picture as multipart/form-data, named for the milliseconds at which it was taken.
 * The next step of a frame's way is accept-frame.ts.
 */
export function registerUpload(
  app: Server,
  { intake, config }: { readonly intake: FrameIntake; readonly config: IngestConfig },
): void {
  const querystring = Type.Object({
    device: Type.String({
      pattern: DEVICE_ID,
      description: 'up to 64 letters, digits, . _ -, the first a letter or a digit',
    }),
  });
  const schema = {
    tags: ['frames'],
    summary: 'Send a picture',
    description:
      'One file part, named for the milliseconds at which it was taken, such as 1764318832186.jpg. The same bytes ' +
      'under the same name are the same frame.',
    requestBody: { 'multipart/form-data': Type.Object({ file: JPEG }) },
    response: frameAnswers,
    querystring,
  };
  app.post('/upload', { schema }, (request, reply) => {
    const { id: deviceId } = deviceOf(request, request.query.device);
    refuseAnnounced(request, config.FRAME_BYTES_MAX);
    return intake.within(request, announcedBytes(request, config.FRAME_BYTES_MAX), async () => {
      const { statedMs, jpeg } = await readPicture(request, config.FRAME_BYTES_MAX);
      const blob = { stem: `images/${deviceId}/${statedMs}` };
      const accepted = await intake.take(request, {
        deviceId,
        identity: null,
        time: { statedMs },
        jpeg,
        blob,
        source: 'upload',
      });
      return answerFrame(reply, accepted);
    });
  });
}

const FILE_NAME = /^(\d{1,15})\.jpe?g$/i;
async function readPicture(
  request: FastifyRequest,
  frameBytesMax: number,
): Promise<{ statedMs: number; jpeg: Buffer }> {
  requireMultipart(request, 'one file part');
  let picture: { statedMs: number; jpeg: Buffer } | null = null;
  for await (const part of request.files()) {
    // Before it is read: the bytes set aside are for one picture.
    if (picture) throw unreadable('too-many-files', 'Send one picture in each request.');
    const jpeg = await readJpegPart(part, frameBytesMax);
    const [, statedMs] = FILE_NAME.exec(part.filename) ?? [];
    if (statedMs === undefined) {
      throw unreadable(
        'bad-file-name',
        'Name the file for its capture time in milliseconds, such as 1764318832186.jpg.',
      );
    }
    picture = { statedMs: Number(statedMs), jpeg: requireJpeg(jpeg) };
  }
  if (!picture) throw unreadable('no-file', 'There is no file part in the request.');
  return picture;
}

function unreadable(code: string, detail: string): Problem {
  return new Problem({ status: 422, code, title: 'Not an upload of one picture', detail });
}
