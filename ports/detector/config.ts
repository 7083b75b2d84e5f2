import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Static, Type } from 'typebox';
import type { ModelOptions } from './model.ts';

export const detectorConfig = Type.Object({
  MODEL_PATH: Type.Optional(
    Type.String({
      pattern: '\\.onnx$',
      description: 'An ONNX detector to use instead of the one that is shipped: see models/README.md.',
    }),
  ),
  DETECTOR_THREADS: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 64,
      description: 'How many threads look at one picture; half of the processors, at most 4, if it is not said.',
    }),
  ),
});

const SHIPPED = fileURLToPath(new URL('../../models/person-384.onnx', import.meta.url));
/** More gain little on networks as small as these, and take from the decoding of other pictures. */
const THREADS_MAX = 4;

export function modelOptionsOf({
  MODEL_PATH: path = SHIPPED,
  DETECTOR_THREADS,
}: Static<typeof detectorConfig>): ModelOptions {
  const half = Math.ceil(availableParallelism() / 2);
  return { path, threads: DETECTOR_THREADS ?? Math.min(half, THREADS_MAX) };
}
