import { Problem } from '../../http/problem.ts';

const BYTES_MAX = 4_096;
const DEPTH_MAX = 8;
/** What jsonb does not take: NUL, and halves of surrogate pairs. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** Whatever people want to note about a device, as long as it is a note: a `Problem` for more, or what cannot be kept. */
export function requireSmallJson(metadata: object): void {
  // The depth first: what is nested without end cannot be measured.
  const fault = faultIn(metadata, DEPTH_MAX) ?? (isLarge(metadata) ? `must have at most ${BYTES_MAX} bytes` : null);
  if (fault === null) return;
  const errors = [{ in: 'body', pointer: '#/metadata', detail: fault }] as const;
  const title = 'Invalid request';
  throw new Problem({ status: 422, code: 'invalid-request', title, detail: `body #/metadata: ${fault}`, errors });
}

function isLarge(value: object): boolean {
  return Buffer.byteLength(JSON.stringify(value)) > BYTES_MAX;
}

function faultIn(value: unknown, depthLeft: number): string | null {
  if (typeof value === 'string') return UNSTORABLE.test(value) ? 'must be text without NUL or broken characters' : null;
  if (typeof value !== 'object' || value === null) return null;
  if (depthLeft === 0) return `must be nested at most ${DEPTH_MAX} deep`;
  for (const part of Object.entries(value).flat()) {
    const fault = faultIn(part, depthLeft - 1);
    if (fault !== null) return fault;
  }
  return null;
}
