import { type Static, Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { time } from '../../http/answer-types.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import { DEVICE_ID } from '../../schemas/identity.ts';
import { invalidQuery, isoTime, requireFewBuckets, spanOf, TEXT } from './filters.ts';

const sql = {
  places: statement(import.meta.url, '../sql/occupancy-places.sql'),
  occupancy: statement(import.meta.url, '../sql/occupancy.sql'),
};

const people = (description: string) => Type.Integer({ description });
const bucket = Type.Object(
  {
    at: time('When it begins.'),
    at_start: people('How many are there as it begins.'),
    least: people('The fewest at once.'),
    most: people('The most at once.'),
    mean: Type.Number({ description: 'On the average, by time.' }),
    at_end: people('How many are there as it ends.'),
    came: people('How many stays begin.'),
    went: people('How many end.'),
  },
  { title: 'OccupancyBucket' },
);
const answer = Type.Object(
  { from: time('Where the first bucket begins.'), to: time('Where the last one ends.'), buckets: Type.Array(bucket) },
  { title: 'Occupancy' },
);

const querystring = Type.Object({
  device_id: Type.Optional(Type.String({ pattern: DEVICE_ID, description: 'Before this camera' })),
  site_id: Type.Optional(
    Type.String({
      format: 'uuid',
      description: 'Before any camera of this site; two that see the same person count two',
    }),
  ),
  zone_id: Type.Optional(
    Type.String({ maxLength: 32, pattern: TEXT, description: 'In this zone; without it, in the whole picture' }),
  ),
  from: Type.Optional(Type.String({ pattern: isoTime(), description: 'ISO 8601; a day before `to` if not said' })),
  to: Type.Optional(Type.String({ pattern: isoTime(), description: 'ISO 8601; now if not said' })),
  bucket_s: Type.Integer({ default: 3_600, minimum: 1, maximum: 31 * 86_400 }),
});

interface PlacesRow {
  readonly devices: readonly string[];
  readonly knows_zone: boolean;
}

type Bucket = Omit<Static<typeof bucket>, 'at'> & { readonly at: Date };

/** `GET /api/v1/occupancy`: how many people were there, exactly, in buckets of any length. */
export function registerOccupancy(
  app: Server,
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): void {
  const schema = {
    tags: ['events'],
    summary: 'How many people are there at once, over time',
    querystring,
    response: { 200: answer },
  };
  app.get('/api/v1/occupancy', { schema }, async ({ query, user }) => {
    const { fleetId } = userOf({ user });
    const { device_id, site_id, zone_id = '', bucket_s } = query;
    if (device_id === undefined && site_id === undefined) throw invalidQuery('device_id', 'or site_id must be given');
    const { fromMs, toMs } = spanOf(query, clock.nowMs());
    requireFewBuckets(toMs - fromMs, bucket_s);
    const asked = [device_id ?? null, site_id ?? null, fleetId, zone_id];
    const [places] = await store.run<PlacesRow>(sql.places, asked);
    if (!places?.devices.length) throw missing('device', device_id ?? `of site ${site_id}`);
    if (!places.knows_zone) throw missing('zone', zone_id);
    const span = [new Date(fromMs), new Date(toMs)] as const;
    const buckets = await store.run<Bucket>(sql.occupancy, [places.devices, zone_id, ...span, bucket_s]);
    return { from: span[0], to: span[1], buckets };
  });
}

function missing(what: 'device' | 'zone', name: string): Problem {
  return new Problem({
    status: 404,
    code: `no-such-${what}`,
    title: `No such ${what}`,
    detail: `You have no ${what} ${name}.`,
  });
}
