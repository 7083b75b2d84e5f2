import type { EventPlace } from './list-events.ts';

type Sort = 'desc' | 'asc';

const PLACE = /^(desc|asc) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}) ([1-9]\d{0,15})$/;

/** Where a page ends, and which way the list goes: nobody but us reads it. */
export function cursorOf({ occurredAt, number }: EventPlace, sort: Sort): string {
  return Buffer.from(`${sort} ${occurredAt} ${number}`).toString('base64url');
}

/** Null for what is none of ours. */
export function readCursor(cursor: string): (EventPlace & { readonly sort: Sort }) | null {
  const [, sort, at, number] = PLACE.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (sort === undefined || Number.isNaN(Date.parse(`${at}Z`))) return null;
  return { sort: sort === 'asc' ? 'asc' : 'desc', occurredAt: `${at}Z`, number: Number(number) };
}
