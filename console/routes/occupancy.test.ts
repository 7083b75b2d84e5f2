import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConsoleUnderTest, idOf, NOW_MS, startConsole } from './server-under-test.ts';

const OWNER = idOf(1);
const OTHER = idOf(2);
const SITE = idOf(3);

let console: ConsoleUnderTest;
beforeAll(async () => {
  console = await startConsole(() => ({
    // Whoever asks says whose devices they see.
    requireUser: async (request) => {
      const fleetId = request.headers['x-fleet']?.toString() ?? null;
      request.user = { id: idOf(9), username: 'somebody', role: 'viewer', fleetId };
    },
    requireUserNow: async () => undefined,
    register: () => undefined,
  }));
  for (const id of [OWNER, OTHER]) {
    await run("insert into users (id, username, password_hash, role) values ($1, $2, '', 'operator')", [id, id]);
  }
  await run("insert into sites (id, owner_id, name, time_zone, created_at) values ($1, $2, 'shop', 'UTC', now())", [
    SITE,
    OWNER,
  ]);
  for (const id of ['front', 'back']) {
    await run('insert into devices (id, created_at, owner_id, site_id) values ($1, now(), $2, $3)', [id, OWNER, SITE]);
  }
});
afterAll(() => console.stop());

const run = (text: string, values: readonly unknown[] = []) =>
  console.services.store.run({ name: text.slice(0, 60), text }, values);

interface Stay {
  readonly fromMs: number;
  /** Null while it lasts. */
  readonly toMs: number | null;
  readonly device?: string;
  readonly zone?: string;
}

/** In milliseconds before now. */
async function keep(stays: readonly Stay[]): Promise<void> {
  await run('delete from occupancy_changes');
  for (const [at, { fromMs, toMs, device = 'front', zone = '' }] of stays.entries()) {
    for (const [delta, ms] of [
      [1, fromMs],
      [-1, toMs],
    ] as const) {
      if (ms === null) continue;
      await run('insert into occupancy_changes (event_id, delta, at, device_id, zone_id) values ($1, $2, $3, $4, $5)', [
        idOf(at),
        delta,
        new Date(NOW_MS + ms),
        device,
        zone,
      ]);
    }
  }
}

interface Bucket {
  readonly at: string;
  readonly [figure: string]: unknown;
}

async function ask(query: Readonly<Record<string, string | number>>, headers: Readonly<Record<string, string>> = {}) {
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const { status, body } = await console.get(`/api/v1/occupancy?${search}`, headers);
  return { status, body: body as unknown as { code?: string; from: string; to: string; buckets: readonly Bucket[] } };
}

const iso = (ms: number) => new Date(NOW_MS + ms).toISOString();

describe('occupancy', () => {
  test('is a running sum, in buckets of any length', async () => {
    await keep([
      { fromMs: -100_000, toMs: -55_000 },
      { fromMs: -50_000, toMs: -35_000 },
      { fromMs: -40_000, toMs: null },
    ]);
    const { body } = await ask({ device_id: 'front', from: iso(-60_000), to: iso(0), bucket_s: 20 });
    expect([body.from, body.to]).toEqual([iso(-60_000), iso(0)]);
    expect(body.buckets).toEqual([
      { at: iso(-60_000), at_start: 1, least: 0, most: 1, mean: 0.75, at_end: 1, came: 1, went: 1 },
      { at: iso(-40_000), at_start: 2, least: 1, most: 2, mean: 1.25, at_end: 1, came: 1, went: 1 },
      { at: iso(-20_000), at_start: 1, least: 1, most: 1, mean: 1, at_end: 1, came: 0, went: 0 },
    ]);
  });

  test('is a day of hours up to now, if nothing else is asked', async () => {
    await keep([]);
    const { body } = await ask({ device_id: 'front' });
    expect([body.from, body.to, body.buckets.length]).toEqual([iso(-86_400_000), iso(0), 24]);
    expect(body.buckets.every(({ most, mean }) => most === 0 && mean === 0)).toBe(true);
  });

  test('counts by device, by zone, and by site', async () => {
    await keep([
      { fromMs: -50_000, toMs: -10_000 },
      { fromMs: -50_000, toMs: -20_000, zone: 'door' },
      { fromMs: -40_000, toMs: -30_000, device: 'back' },
      { fromMs: -40_000, toMs: -30_000, device: 'back', zone: 'door' },
    ]);
    const mostOf = async (query: Readonly<Record<string, string>>) => {
      const { body } = await ask({ ...query, from: iso(-60_000), bucket_s: 60 });
      return body.buckets.map(({ most, mean }) => [most, mean]);
    };
    expect(await mostOf({ device_id: 'front' })).toEqual([[1, 40 / 60]]);
    expect(await mostOf({ device_id: 'front', zone_id: 'door' })).toEqual([[1, 0.5]]);
    expect(await mostOf({ site_id: SITE })).toEqual([[2, 50 / 60]]);
    expect(await mostOf({ site_id: SITE, zone_id: 'door' })).toEqual([[2, 40 / 60]]);
    expect(await mostOf({ site_id: SITE, device_id: 'back' })).toEqual([[1, 10 / 60]]);
  });

  test('is exact, for whatever stays and buckets', async () => {
    const time = fc.integer({ min: -200_000, max: 20_000 });
    const stay = fc.record({ fromMs: time, lastsMs: fc.option(fc.integer({ min: 0, max: 90_000 })) });
    const within = fc.record({
      fromMs: fc.integer({ min: -150_000, max: -1 }),
      bucket_s: fc.integer({ min: 1, max: 200 }),
      stays: fc.array(stay, { maxLength: 12 }),
    });
    // In minutes, and in days: over midnight, from days that are over.
    const asked = fc.tuple(within, fc.constantFrom(1, 1_000)).map(([{ fromMs, bucket_s, stays }, times]) => ({
      fromMs: fromMs * times,
      bucket_s: bucket_s * times,
      drawn: stays.map(({ fromMs, lastsMs }) => ({
        fromMs: fromMs * times,
        lastsMs: lastsMs === null ? null : lastsMs * times,
      })),
    }));
    await fc.assert(
      fc.asyncProperty(asked, async ({ drawn, fromMs, bucket_s }) => {
        const stays = drawn.map(({ fromMs, lastsMs }) => ({
          fromMs,
          toMs: lastsMs === null ? null : fromMs + lastsMs,
        }));
        await keep(stays);
        const { body } = await ask({ device_id: 'front', from: iso(fromMs), to: iso(0), bucket_s });
        const peopleAt = (ms: number) =>
          stays.filter(({ fromMs, toMs }) => fromMs <= ms && (toMs ?? ms + 1) > ms).length;
        const starts = Array.from(
          { length: Math.ceil(-fromMs / 1_000 / bucket_s) },
          (_, at) => fromMs + at * bucket_s * 1_000,
        );
        expect(body.buckets.map(({ at }) => at)).toEqual(starts.map(iso));
        for (const [at, startMs] of starts.entries()) {
          const endMs = Math.min(0, startMs + bucket_s * 1_000);
          const moments = [startMs, ...stays.flatMap(({ fromMs, toMs }) => [fromMs, toMs ?? startMs])]
            .filter((ms) => ms >= startMs && ms < endMs)
            .sort((a, b) => a - b);
          const levels = moments.map(peopleAt);
          const area = moments.reduce((sum, ms, i) => sum + (levels[i] ?? 0) * ((moments[i + 1] ?? endMs) - ms), 0);
          expect(body.buckets[at]).toMatchObject({
            at_start: levels[0],
            least: Math.min(...levels),
            most: Math.max(...levels),
            at_end: levels.at(-1),
          });
          expect(body.buckets[at]?.mean).toBeCloseTo(area / (endMs - startMs), 9);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('of what there is not, or is somebody else’s, nothing is told', async () => {
    await keep([]);
    await run(
      "insert into config_versions (device_id, version, settings, created_at) values ('front', 1, $1, now()) on conflict do nothing",
      [{ zones: [{ id: 'till', points: [] }] }],
    );
    const askedOf = async (query: Readonly<Record<string, string>>, fleet?: string) => {
      const { status, body } = await ask(query, fleet ? { 'x-fleet': fleet } : {});
      return [status, body.code];
    };
    expect(await askedOf({ device_id: 'front' }, OWNER)).toEqual([200, undefined]);
    expect(await askedOf({ device_id: 'front', zone_id: 'till' }, OWNER)).toEqual([200, undefined]);
    expect(await askedOf({ device_id: 'front' }, OTHER)).toEqual([404, 'no-such-device']);
    expect(await askedOf({ site_id: SITE }, OTHER)).toEqual([404, 'no-such-device']);
    expect(await askedOf({ device_id: 'side' })).toEqual([404, 'no-such-device']);
    expect(await askedOf({ device_id: 'front', zone_id: 'tilt' })).toEqual([404, 'no-such-zone']);
    expect(await askedOf({ device_id: 'back', zone_id: 'till' })).toEqual([404, 'no-such-zone']);
  });

  test.each([
    { query: {}, pointer: '#/device_id' },
    { query: { device_id: 'front', from: iso(1) }, pointer: '#/from' },
    { query: { device_id: 'front', from: '2026-02-31' }, pointer: '#/from' },
    { query: { device_id: 'front', bucket_s: 1 }, pointer: '#/bucket_s' },
    { query: { device_id: 'front', bucket_s: 0 }, pointer: '#/bucket_s' },
    { query: { site_id: 'shop' }, pointer: '#/site_id' },
  ])('$query is refused', async ({ query, pointer }) => {
    const { status, body } = await ask(query as Readonly<Record<string, string>>);
    expect(status).toBe(422);
    expect((body as { errors?: readonly { pointer: string }[] }).errors).toMatchObject([{ pointer }]);
  });
});
