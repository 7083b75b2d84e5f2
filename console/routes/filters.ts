import { Type } from 'typebox';
import { IsDate } from 'typebox/format';
import { Problem } from '../../http/problem.ts';

/** PostgreSQL's text takes no NUL. */
export const TEXT = '^[^\\0]*$';

/** Which part of a list is wanted. */
export const paging = {
  page: Type.Integer({ default: 1, minimum: 1, maximum: 1_000_000 }),
  page_size: Type.Integer({ default: 50, minimum: 1, maximum: 500 }),
};

/** What every list of frames and events is filtered by, in the words of the events API. */
export const filters = {
  camera_id: Type.Optional(Type.String({ maxLength: 100, pattern: TEXT, description: 'Only this device' })),
  start_time: Type.Optional(
    Type.String({ pattern: isoTime(), description: 'From this time on, ISO 8601; UTC if it names no zone' }),
  ),
  end_time: Type.Optional(Type.String({ pattern: isoTime(), description: 'Up to and with this time' })),
  ...paging,
};

interface Paged {
  readonly page: number;
  readonly page_size: number;
}

interface Filters extends Paged {
  readonly camera_id?: string;
  readonly start_time?: string;
  readonly end_time?: string;
}

/** The filters as a list statement and its count take them: what to match, then which rows. */
export function filterValues(query: Filters, kind: string | undefined) {
  const [from, to] = [asUtc(query, 'start_time'), asUtc(query, 'end_time')];
  const matching = [query.camera_id ?? null, kind ?? null, from, to];
  const { limit, offset } = rowsOf(query);
  return { matching, paged: [...matching, limit, offset] };
}

/** Which rows a page has. */
export function rowsOf({ page, page_size: limit }: Paged) {
  return { limit, offset: (page - 1) * limit };
}

/** The answer around a page of rows. */
export function pageOf({ page, page_size }: Paged, total: number, rows: number) {
  return { total, page, page_size, has_more: (page - 1) * page_size + rows < total };
}

/** A time as PostgreSQL takes it, null where there is none; one that is in no calendar is refused. */
export function asUtc<Name extends string>(
  query: { readonly [Key in Name]?: string },
  name: Name,
  refused: (name: string, detail: string) => Problem = invalidQuery,
): string | null {
  const time: string | undefined = query[name];
  if (time === undefined) return null;
  // The pattern lets 31 February and the year 0 pass, and PostgreSQL does not.
  if (time < '0001' || !IsDate(time.slice(0, 10))) throw refused(name, 'is no day of the calendar');
  return /(Z|[+-]\d\d(:?\d\d)?)$/i.test(time.slice(10)) ? time : `${time}${time.length > 10 ? 'Z' : 'T00:00Z'}`;
}

interface Span {
  readonly from?: string;
  readonly to?: string;
}

const DAY_MS = 86_400_000;
const BUCKETS_MAX = 1_500;

/** From `from` to `to`, or to now; if nothing is said, a day. */
export function spanOf(query: Span, nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  const toMs = msOf(query, 'to') ?? nowMs;
  const fromMs = msOf(query, 'from') ?? toMs - DAY_MS;
  if (fromMs >= toMs) throw invalidQuery('from', 'must be before to');
  return { fromMs, toMs };
}

export function requireFewBuckets(spanMs: number, bucketS: number): void {
  if (spanMs / 1_000 / bucketS <= BUCKETS_MAX) return;
  throw invalidQuery('bucket_s', `must be longer: that would be more than ${BUCKETS_MAX} buckets`);
}

export function msOf(query: Span, name: 'from' | 'to', refused = invalidQuery): number | null {
  const text = asUtc(query, name, refused);
  // As ECMAScript writes it: with a T, and zones with their minutes.
  const zoned = text
    ?.replace(' ', 'T')
    .replace(/([+-]\d\d):?(\d\d)?$/, (_, hours, minutes = '00') => `${hours}:${minutes}`);
  return zoned === undefined ? null : Date.parse(zoned);
}

export function invalidQuery(name: string, detail: string): Problem {
  const errors = [{ in: 'query', pointer: `#/${name}`, detail }] as const;
  const title = 'Invalid request';
  return new Problem({ status: 422, code: 'invalid-request', title, detail: `query #/${name}: ${detail}`, errors });
}

export function isoTime(): string {
  const date = String.raw`\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])`;
  const time = String.raw`([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?`;
  return String.raw`^${date}([T ]${time}(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)?)?$`;
}
