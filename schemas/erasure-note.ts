import { DEVICE_ID } from './identity.ts';

/**
 * What is noted of an erasure among the blobs, for each device that it is about, and each time of it; where an erasure has
 * grown, since somebody was seen for longer, there is another. It is there before the first picture goes, and stays: by it a
 * picture that is missing is known to have been erased where no table can be asked, and by it whoever restores an older
 * database learns what was erased since.
 */
export interface ErasureNote {
  readonly id: string;
  readonly kind: 'device' | 'range' | 'person';
  readonly device_id: string;
  readonly person_id: string | null;
  /** Between which times pictures of the device are gone: from this millisecond on, null for the beginning. */
  readonly from: number | null;
  /** Up to this one, which is not part of it; null for ever. */
  readonly to: number | null;
  /**
   * That all of that time is gone. A note of an older release does not say so: of a person it has the first time and the
   * last, and whoever else was there in between is not erased.
   */
  readonly is_whole?: boolean;
  readonly requested_at: number;
  readonly requested_by: string;
}

const KINDS: readonly unknown[] = ['device', 'range', 'person'];
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** So long before the first and after the last sight of a person, pictures may show them too. */
export const AROUND_SIGHTS_MS = 10_000;

/** Below which the notes of all devices lie. */
export const ERASURE_NOTES = 'erasures/';

export function erasureNotesOf(deviceId: string): string {
  return `${ERASURE_NOTES}${deviceId}/`;
}

/** With its time, if that has bounds: a blob is never changed, and of a time that has grown there is another one. */
export function erasureNoteKey({
  device_id,
  id,
  from,
  to,
}: Pick<ErasureNote, 'device_id' | 'id' | 'from' | 'to'>): string {
  const span = from === null && to === null ? '' : `.${from ?? ''}-${to ?? ''}`;
  return `${erasureNotesOf(device_id)}${id}${span}.json`;
}

/** Null for what is no note. */
export function readErasureNote(bytes: Buffer): ErasureNote | null {
  try {
    const note: unknown = JSON.parse(bytes.toString());
    return isNote(note) ? note : null;
  } catch {
    return null;
  }
}

function isNote(value: unknown): value is ErasureNote {
  if (typeof value !== 'object' || value === null) return false;
  const note = value as Partial<Record<keyof ErasureNote, unknown>>;
  return (
    typeof note.id === 'string' &&
    UUID.test(note.id) &&
    KINDS.includes(note.kind) &&
    typeof note.device_id === 'string' &&
    new RegExp(DEVICE_ID).test(note.device_id) &&
    isOrNull(note.person_id, 'string') &&
    isOrNull(note.from, 'number') &&
    isOrNull(note.to, 'number') &&
    typeof note.requested_at === 'number' &&
    typeof note.requested_by === 'string'
  );
}

function isOrNull(value: unknown, type: 'string' | 'number'): boolean {
  return value === null || typeof value === type;
}
