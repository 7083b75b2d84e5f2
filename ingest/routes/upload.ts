import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { refuseOtherSites } from '../../http/access/other-sites.ts';
import { Problem } from '../../http/problem.ts';
import { problemOf } from '../../http/problem-of.ts';
import type { Server } from '../../http/server.ts';
import { DEVICE_ID } from '../../schemas/identity.ts';
import type { AcceptFrame } from '../accept-frame.ts';
import type { ByteBudget } from '../byte-budget.ts';
import type { IngestConfig } from '../config.ts';
import { looksLikeJpeg } from '../jpeg.ts';
import type { IngestMetrics } from '../metrics.ts';

/**
 * `POST /upload?device=ID`: one picture as multipart/form-data, named for the milliseconds at which it was taken.
 * The next step of a frame's way is accept-frame.ts.
 */
export function registerUpload(
  app: Server,
  {
    acceptFrame,
    budget,
    config,
    metrics,
  }: {
    readonly acceptFrame: AcceptFrame;
    readonly budget: ByteBudget;
    readonly config: IngestConfig;
    readonly metrics: IngestMetrics;
  },
): void {
  app.post(
    '/upload',
    {
      schema: {
        querystring: Type.Object({
          device: Type.String({
            pattern: DEVICE_ID,
            description: 'up to 64 letters, digits, . _ -, the first a letter or a digit',
          }),
        }),
      },
      onRequest: async (request) => refuseOtherSites(request),
      // Here rather than in the handler, which most of what is wrong with an upload never reaches.
      onError: async (request, _reply, error) => metrics.refused(problemOf(error, request).code),
    },
    async (request, reply) => {
      const deviceId = request.query.device;
      request.deviceId = deviceId;
      if (Number(request.headers['content-length']) > config.FRAME_BYTES_MAX + MULTIPART_OVERHEAD_BYTES) {
        throw tooLarge(config.FRAME_BYTES_MAX);
      }
      const release = budget.reserve(announcedBytes(request, config.FRAME_BYTES_MAX));
      if (!release) throw tooBusy;
      try {
        const { statedMs, jpeg } = await readPicture(request, config.FRAME_BYTES_MAX);
        const { traceparent } = request.trace;
        const accepted = await acceptFrame({ deviceId, statedMs, jpeg, source: 'upload', traceparent });
        if (accepted === 'refused') throw tooManyDevices(config.DEVICES_MAX);
        metrics.accepted({ deviceId, status: accepted.status, sizeBytes: jpeg.length });
        const { status, frameId } = accepted;
        request.frameId = frameId;
        if (status === 'duplicate') return reply.code(200).send({ status, item_id: frameId });
        // A frame's analysis is known by the frame's own id.
        return reply.code(202).send({ status, item_id: frameId, task_id: frameId });
      } finally {
        release();
        // What is left of a body that was refused half-way is thrown away as it comes: the answer goes out at once,
        // and a caller who is still sending can read it, which one whose connection was cut might not.
        request.raw.unpipe();
        request.raw.resume();
      }
    },
  );
}

const FILE_NAME = /^(\d{1,15})\.jpe?g$/i;
/** Boundaries, part headers, and the odd form field beside the picture. */
const MULTIPART_OVERHEAD_BYTES = 8_192;

const tooBusy = new Problem({
  status: 503,
  code: 'busy',
  detail: 'Too many uploads are under way; send this one again.',
  headers: { 'retry-after': '1' },
});

function tooLarge(frameBytesMax: number): Problem {
  const detail = `A picture may have ${frameBytesMax} bytes (FRAME_BYTES_MAX).`;
  return new Problem({ status: 413, code: 'too-large', detail });
}

function tooManyDevices(devicesMax: number): Problem {
  return new Problem({
    status: 403,
    code: 'too-many-devices',
    title: 'Too many devices',
    detail: `There are already ${devicesMax} devices (DEVICES_MAX), and this one is not among them.`,
  });
}

/** An upload takes more memory than its picture: however small, it counts as this much. */
export const REQUEST_BYTES = 65_536;

function announcedBytes(request: FastifyRequest, frameBytesMax: number): number {
  const announced = Number(request.headers['content-length']);
  return Math.max(REQUEST_BYTES, Number.isSafeInteger(announced) ? Math.min(announced, frameBytesMax) : frameBytesMax);
}

async function readPicture(
  request: FastifyRequest,
  frameBytesMax: number,
): Promise<{ statedMs: number; jpeg: Buffer }> {
  if (!request.isMultipart()) {
    throw new Problem({
      status: 415,
      code: 'not-multipart',
      title: 'Not multipart',
      detail: 'Send multipart/form-data with one file part.',
    });
  }
  let picture: { statedMs: number; jpeg: Buffer } | null = null;
  for await (const part of request.files()) {
    // Before it is read: the bytes set aside are for one picture.
    if (picture) throw unreadable('too-many-files', 'Send one picture in each request.');
    const jpeg = await readPart(part, frameBytesMax);
    const [, statedMs] = FILE_NAME.exec(part.filename) ?? [];
    if (statedMs === undefined) {
      throw unreadable(
        'bad-file-name',
        'Name the file for its capture time in milliseconds, such as 1764318832186.jpg.',
      );
    }
    if (jpeg.length === 0) throw unreadable('empty-picture', 'The file part is empty.');
    if (!looksLikeJpeg(jpeg)) {
      throw new Problem({
        status: 415,
        code: 'not-a-jpeg',
        title: 'Not a JPEG',
        detail: 'The bytes sent are not those of a JPEG.',
      });
    }
    picture = { statedMs: Number(statedMs), jpeg };
  }
  if (!picture) throw unreadable('no-file', 'There is no file part in the request.');
  return picture;
}

/** The parser's own `toBuffer` tells of a part that is too large only when all of it has come, if it ever has. */
async function readPart({ file }: MultipartFile, frameBytesMax: number): Promise<Buffer> {
  if (file.truncated) throw tooLarge(frameBytesMax);
  file.once('limit', () => file.destroy(tooLarge(frameBytesMax)));
  const chunks: Buffer[] = [];
  for await (const chunk of file) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function unreadable(code: string, detail: string): Problem {
  return new Problem({ status: 422, code, title: 'Not an upload of one picture', detail });
}
