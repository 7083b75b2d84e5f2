import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { KnownDevice } from '../../http/access/devices/device-tokens.ts';
import { deviceOf } from '../../http/access/devices/require-device.ts';
import { Problem, problemBody } from '../../http/problem.ts';
import { problemOf } from '../../http/problem-of.ts';
import type { Server } from '../../http/server.ts';
import type { Fault } from '../../http/validation.ts';
import { requireMultipart } from '../announced.ts';
import { type FrameResult, JPEG, manyAnswers } from '../frame-answers.ts';
import { asAnswer } from '../frame-intake.ts';
import { type FrameMeta, frameMeta } from '../frame-meta.ts';
import { readAll, requireJpeg, tooLarge } from '../read-jpeg.ts';
import { META_BYTES_MAX, readMetaPart } from '../read-meta-part.ts';
import {
  asFrame,
  type FrameDependencies,
  invalidFrame,
  isFaults,
  MISSING_IMAGE,
  MISSING_META,
  unknownPart,
} from './frame.ts';

const FRAMES_MAX = 200;

/**
 * `POST /api/v1/ingest/frames`: what has gathered during an outage, as pairs of the parts `meta` and `image`. Each is
 * answered on its own and none holds back the others; one picture is in memory at a time.
 */
export function registerFrames(app: Server, dependencies: FrameDependencies): void {
  const { intake, config } = dependencies;
  const schema = {
    tags: ['frames'],
    summary: 'Send many pictures, as after an outage',
    description:
      'Pairs of the parts `meta` and `image`, at most 200. Each frame is answered on its own; an outage ends the ' +
      'request, and what was taken by then is a duplicate when it is sent again.',
    requestBody: {
      'multipart/form-data': Type.Object({ meta: Type.Array(frameMeta), image: Type.Array(JPEG) }),
    },
    response: manyAnswers,
  };
  app.post('/api/v1/ingest/frames', { schema }, (request, reply) => {
    const device = deviceOf(request);
    if (request.signedBody) throw notSignable();
    requireMultipart(request, 'pairs of the parts meta and image');
    if (Number(request.headers['content-length']) > config.REQUEST_BYTES_MAX)
      throw requestTooLarge(config.REQUEST_BYTES_MAX);
    return intake.within(request, config.FRAME_BYTES_MAX, async () => {
      const results: FrameResult[] = [];
      try {
        for await (const pair of readPairs(request, config)) {
          results.push(await takeOne(dependencies, request, device, pair));
        }
        if (results.length === 0) throw invalidFrame([MISSING_META]);
        return reply.send({ results });
      } catch (error) {
        // What was answered for is told even if what follows cannot be read: the device need not send it again.
        if (results.length === 0) throw error;
        const problem = problemOf(error, request);
        request.failure = { problem, cause: error };
        intake.refused(request, problem);
        return reply.code(207).send({ results, problem: problemBody(problem, request.trace.traceId) });
      }
    });
  });
}

interface Pair {
  readonly meta: FrameMeta | readonly Fault[];
  readonly image: Buffer | 'too-large' | null;
}

async function takeOne(
  dependencies: FrameDependencies,
  request: FastifyRequest,
  device: KnownDevice,
  { meta, image }: Pair,
): Promise<FrameResult> {
  const seq = isFaults(meta) ? {} : { seq: meta.seq };
  try {
    if (isFaults(meta) || image === null) {
      throw invalidFrame([...(isFaults(meta) ? meta : []), ...(image === null ? [MISSING_IMAGE] : [])]);
    }
    if (image === 'too-large') throw tooLarge(dependencies.config.FRAME_BYTES_MAX);
    const frame = await asFrame(dependencies, device, meta, requireJpeg(image));
    return { ...seq, ...asAnswer(await dependencies.intake.take(request, frame)) };
  } catch (error) {
    const problem = problemOf(error, request);
    // An outage, or a failure of ours, would be no other for the frames that follow.
    if (problem.status >= 500) throw error;
    dependencies.intake.refused(request, problem);
    return { ...seq, status: 'refused', problem: problemBody(problem, request.trace.traceId) };
  }
}

/** Each `meta` with the `image` after it. */
async function* readPairs(request: FastifyRequest, config: FrameDependencies['config']): AsyncGenerator<Pair> {
  const limits = {
    files: 2 * FRAMES_MAX,
    fields: FRAMES_MAX,
    parts: 2 * FRAMES_MAX,
    fileSize: config.FRAME_BYTES_MAX,
    fieldSize: META_BYTES_MAX,
  };
  let leftBytes = config.REQUEST_BYTES_MAX;
  let meta: Pair['meta'] | null = null;
  for await (const part of request.parts({ limits })) {
    if (part.fieldname === 'meta') {
      if (meta) yield { meta, image: null };
      meta = await readMetaPart(part);
    } else if (part.type === 'file' && part.fieldname === 'image' && meta) {
      const image = await readAll(part.file);
      leftBytes -= image.length;
      // One that does not say beforehand how much it is.
      if (leftBytes < 0) throw requestTooLarge(config.REQUEST_BYTES_MAX);
      yield { meta, image: part.file.truncated ? 'too-large' : image };
      meta = null;
    } else throw unknownPart(part.fieldname);
  }
  if (meta) yield { meta, image: null };
}

function requestTooLarge(bytesMax: number): Problem {
  const detail = `A request may have ${bytesMax} bytes (REQUEST_BYTES_MAX).`;
  return new Problem({ status: 413, code: 'request-too-large', detail });
}

/** Frames are taken while the rest is still to come, when nobody can know yet whether it is what was signed. */
function notSignable(): Problem {
  const detail = 'A request that is signed has one frame: POST /api/v1/ingest/frame.';
  return new Problem({ status: 403, code: 'not-signable', title: 'Not signed as it must be', detail });
}
