import { v5 } from 'uuid';

/**
 * Ids that follow from what they name, so that telling the same thing twice gives the same id.
 *
 * The parts are joined as a JSON array, which no two different lists of parts share; a frame and anything else
 * live under namespaces of their own. Neither the form nor the namespaces can ever change: rows are keyed by them.
 */
const frameNamespace = 'd0be86b8-dba8-4aa2-9195-f5bd576cc08e';
const derivedNamespace = 'ff9110df-e85a-48a5-afd1-95c7fbd83d68';

export function frameId(deviceId: string, epoch: number, seq: number): string {
  return v5(join([deviceId, epoch, seq]), frameNamespace);
}

/** The first part says what kind of thing it is, such as 'visit'. */
export function derivedId(...parts: readonly (string | number)[]): string {
  return v5(join(parts), derivedNamespace);
}

function join(parts: readonly (string | number)[]): string {
  for (const part of parts) {
    // JSON writes NaN and the infinities as null, and beyond 2^53 two numbers become one.
    if (typeof part === 'number' && (!Number.isFinite(part) || Math.abs(part) > Number.MAX_SAFE_INTEGER)) {
      throw new RangeError(`${part} cannot be part of an id`);
    }
  }
  return JSON.stringify(parts);
}

/** What a device may be called: also safe as one segment of a path or of a blob key. */
export const DEVICE_ID = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';
