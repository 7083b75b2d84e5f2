import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConsoleUnderTest, idOf, startConsole } from './server-under-test.ts';

interface Told {
  readonly at: string;
  readonly type: string;
  readonly camera: string;
}

/** About the beginnings of hours, days and months, and on days with nothing between them. */
const TIMES = [
  '2026-01-31T23:59:59.999999',
  '2026-02-01T00:00:00.000000',
  '2026-02-01T00:00:00.000001',
  '2026-02-14T11:59:59.999999',
  '2026-02-14T12:00:00.000000',
  '2026-02-14T12:30:00.000000',
  '2026-02-14T13:00:00.000001',
  '2026-03-31T23:00:00.000000',
  '2026-04-01T01:15:00.125000',
  '2026-06-30T00:00:00.000000',
  '2026-06-30T00:59:59.000000',
];
const TYPES = ['motion', 'visit', 'crowd'];
const CAMERAS = ['door', 'hall'];
const told: readonly Told[] = TIMES.flatMap((at, place) =>
  CAMERAS.map((camera, of) => ({ at, camera, type: TYPES[(place + of) % TYPES.length] ?? '' })),
);

let console: ConsoleUnderTest;
beforeAll(async () => {
  console = await startConsole();
  for (const [number, { at, type, camera }] of told.entries()) {
    await console.addEvent([idOf(number), `${at}Z`, type, camera, {}]);
  }
});
afterAll(() => console.stop());

interface Asked {
  readonly from: string | null;
  readonly to: string | null;
  readonly cameras: readonly string[];
  readonly types: readonly string[];
}

/** What the list of all says, counted one by one. */
function expected({ from, to, cameras, types }: Asked) {
  const meant = told
    .filter(({ at, camera, type }) => {
      return (
        (from === null || at >= from) && (to === null || at <= to) && cameras.includes(camera) && types.includes(type)
      );
    })
    .map(({ at, ...rest }) => ({ ...rest, at }));
  const countsOf = (names: readonly string[]) => {
    const counts: Record<string, number> = {};
    for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  };
  const times = meant.map(({ at }) => at).sort();
  return {
    total_events: meant.length,
    events_by_type: countsOf(meant.map(({ type }) => type)),
    events_by_camera: countsOf(meant.map(({ camera }) => camera)),
    date_range: { first_event: times[0] ?? null, last_event: times.at(-1) ?? null },
  };
}

async function ask({ from, to, cameras, types }: Asked) {
  const query = new URLSearchParams();
  if (from) query.set('start_time', from);
  if (to) query.set('end_time', to);
  if (cameras.length < CAMERAS.length) for (const camera of cameras) query.append('camera_id', camera);
  const [type = ''] = types;
  if (types.length === 1) query.set('event_type', type);
  const { status, body } = await console.get(`/api/events/stats?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

const EDGES = [
  null,
  '2025-12-31T23:59:59.999999',
  '2026-02-01T00:00:00.000000',
  '2026-02-14T11:30:00.000000',
  '2026-02-14T12:00:00.000000',
  '2026-02-14T12:30:00.000001',
  '2026-03-01T00:00:00.000000',
  '2026-04-01T01:15:00.125000',
  '2026-06-30T00:30:00.000000',
  '2026-07-01T00:00:00.000000',
];

/** Whether the hours of the day at an end say how many there are, or only its rows. */
describe.each([null, '2026-02-14T13:00Z', '2026-06-30T00:00Z'])('where rows before %s may have gone', (until) => {
  beforeAll(async () => {
    const text = `insert into rollups_kept_until (rollup, device_id, until) values ('zones_hourly', 'door', $1)
      on conflict (rollup, device_id) do update set until = excluded.until`;
    if (until) await console.services.store.run({ name: 'test-keep-until', text }, [until]);
  });

  test.each([
    [CAMERAS, TYPES],
    [['hall'], TYPES],
    [CAMERAS, ['visit']],
    [['door'], ['crowd']],
    [[], TYPES],
    [CAMERAS, ['tracking']],
  ])('of any time the counts are those of the events: of cameras %j, types %j', async (cameras, types) => {
    for (const from of EDGES) {
      for (const to of EDGES) {
        const asked = { from, to, cameras: cameras.length > 0 ? cameras : ['nobody'], types };
        expect(await ask(asked), JSON.stringify(asked)).toEqual(expected(asked));
      }
    }
  });
});

test('hours that say something else than the rows are not believed where rows may have gone', async () => {
  const { store } = console.services;
  await store.run({ name: 'test-more-hours', text: 'update event_counts set count = count + 1' });
  const asked = { from: EDGES[3] ?? null, to: '2026-06-30T00:30:00.000000', cameras: CAMERAS, types: TYPES };
  expect(await ask(asked)).toEqual(expected(asked));
  await store.run({ name: 'test-fewer-hours', text: 'update event_counts set count = count - 1' });
});

test('several cameras are named at once, or one after the other', async () => {
  const both = expected({ from: null, to: null, cameras: CAMERAS, types: TYPES });
  for (const query of ['camera_id=door,hall', 'camera_id=door&camera_id=hall', 'camera_id=hall,door,hall']) {
    expect((await console.get(`/api/events/stats?${query}`)).body).toEqual(both);
  }
});

test.each([
  'camera_id=%00',
  `camera_id=${'x'.repeat(101)}`,
  `camera_id=${Array.from({ length: 1_001 }, (_, at) => at).join()}`,
  'event_type=a%00b',
  'start_time=2026-02-31',
  'end_time=never',
])('%s is no question', async (query) => {
  const { status, body } = await console.get(`/api/events/stats?${query}`);
  expect(status).toBe(422);
  expect(body.errors[0]).toMatchObject({ in: 'query', pointer: `#/${query.split('=')[0]}` });
});
