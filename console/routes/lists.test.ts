import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConsoleUnderTest, idOf, startConsole } from './server-under-test.ts';

let console: ConsoleUnderTest;
beforeAll(async () => {
  console = await startConsole();
  // Every hour of a day, by two devices in turn; each hour's number is its id.
  for (let hour = 0; hour < 24; hour++) {
    const at = new Date(Date.UTC(2026, 2, 10, hour)).toISOString();
    const device = hour % 2 ? 'camera-odd' : 'camera-even';
    await console.addEvent([idOf(hour), at, hour % 3 ? 'motion' : 'visit', device, { hour }]);
    await console.addCapture([idOf(hour), at, device, hour, hour % 3 ? 'done' : 'dead', null]);
  }
});
afterAll(() => console.stop());

const enc = encodeURIComponent;

describe.each([
  { path: '/api/events', list: 'events' as const, id: 'event_id', kind: 'event_type=visit' },
  { path: '/api/captures', list: 'captures' as const, id: 'frame_id', kind: 'state=dead' },
])('$path', ({ path, list, id, kind }) => {
  async function hours(query: string): Promise<readonly number[]> {
    const { status, body } = await console.get(`${path}?${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    const found = body[list].map((row) => Number(String(row[id]).slice(-12)));
    expect(body.total).toBe(found.length);
    return found;
  }

  test('newest first, all of it where it fits a page', async () => {
    const { body } = await console.get(path);
    expect(body).toMatchObject({ total: 24, page: 1, page_size: 50, has_more: false });
    expect(await hours('')).toEqual(Array.from({ length: 24 }, (_, at) => 23 - at));
  });

  test('pages follow on each other, to the last and past it', async () => {
    const pages = await Promise.all([1, 2, 3, 4].map((page) => console.get(`${path}?page_size=10&page=${page}`)));
    expect(pages.map(({ body }) => [body[list].length, body.total, body.has_more])).toEqual([
      [10, 24, true],
      [10, 24, true],
      [4, 24, false],
      [0, 24, false],
    ]);
    const numbers = pages.flatMap(({ body }) => body[list].map((row) => row[id]));
    expect(new Set(numbers).size).toBe(24);
  });

  test('by device, by kind, and by both', async () => {
    expect(await hours('camera_id=camera-odd')).toHaveLength(12);
    expect(await hours(kind)).toEqual([21, 18, 15, 12, 9, 6, 3, 0]);
    expect(await hours(`${kind}&camera_id=camera-odd`)).toEqual([21, 15, 9, 3]);
    expect(await hours('camera_id=nobody')).toEqual([]);
    const { body } = await console.get(`${path}?${kind}&camera_id=camera-odd&page_size=1`);
    expect(body).toMatchObject({ total: 4, has_more: true });
  });

  test.each([
    ['2026-03-10T20:00:00Z', [23, 22, 21, 20]],
    ['2026-03-10T20:00', [23, 22, 21, 20]],
    ['2026-03-10 20:00:00', [23, 22, 21, 20]],
    ['2026-03-10T20:00:00.001', [23, 22, 21]],
    ['2026-03-10T22:00:00+02:00', [23, 22, 21, 20]],
    ['2026-03-10T22:00+0200', [23, 22, 21, 20]],
    ['2026-03-10T15:00-05', [23, 22, 21, 20]],
    ['2026-03-11', []],
  ])('from %s on', async (time, wanted) => {
    expect(await hours(`start_time=${enc(time)}`)).toEqual(wanted);
  });

  test('up to and with a time, and between two', async () => {
    expect(await hours('end_time=2026-03-10T02:00:00Z')).toEqual([2, 1, 0]);
    expect(await hours('end_time=2026-03-10')).toEqual([0]);
    expect(await hours('start_time=2026-03-10T05:00&end_time=2026-03-10T06:00')).toEqual([6, 5]);
    expect(await hours('start_time=2026-03-10T06:00&end_time=2026-03-10T05:00')).toEqual([]);
    expect(await hours('start_time=2024-02-29&end_time=9999-12-31T23:59:59.999999999Z')).toHaveLength(24);
  });

  test.each([
    'page=0',
    'page=-1',
    'page=1.5',
    'page=x',
    'page=1000001',
    'page=1&page=2',
    'page_size=0',
    'page_size=501',
    'start_time=yesterday',
    'start_time=2026-02-31',
    'start_time=2026-04-31T00:00:00Z',
    'end_time=2025-02-29',
    'end_time=2100-02-29',
    'start_time=0000-01-01',
    'start_time=2026-13-01',
    'start_time=2026-01-00',
    'start_time=2026-01-01T24:00',
    'start_time=2026-01-01T10:60',
    'start_time=2026-01-01T10:00%2B19:00',
    'start_time=12026-01-01',
    'end_time=',
    'camera_id=%00',
    `camera_id=${'x'.repeat(101)}`,
    list === 'events' ? 'event_type=a%00b' : 'state=sleeping',
  ])('%s is no question', async (query) => {
    const { status, body } = await console.get(`${path}?${query}`);
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'invalid-request' });
    expect(body.errors[0]).toMatchObject({ in: 'query', pointer: `#/${query.split('=')[0]}` });
  });
});

test('an event says what, where, when and in which frame', async () => {
  const { body } = await console.get('/api/events?page_size=1&start_time=2026-03-10T03:00&end_time=2026-03-10T03:00');
  expect(body.events).toEqual([
    {
      id: expect.any(Number),
      event_id: idOf(3),
      event_type: 'visit',
      camera_id: 'camera-odd',
      timestamp: '2026-03-10T03:00:00.000000',
      frame_id: null,
      frame_number: 7,
      event_data: { hour: 3 },
      ended_at: null,
      created_at: '2026-03-10T03:00:00.000000',
      snapshot_path: null,
      version: 1,
      lane: 'live',
      time_quality: 'device',
      model: null,
      config_version: 0,
      trace_id: null,
    },
  ]);
});

test('a capture says which frame, and how far it has come', async () => {
  const { body } = await console.get('/api/captures?page_size=1');
  expect(body.captures).toMatchObject([
    { frame_id: idOf(23), camera_id: 'camera-odd', frame_number: 23, seq: 23, state: 'done', sha256: '0102' },
  ]);
  expect(body.captures[0]?.captured_at).toBe('2026-03-10T23:00:00.000000');
});

test('of any span as many events are told as there are: of days that are counted already, and of hours that are not', async () => {
  const times = [
    '01T00:00',
    '01T12:00',
    '01T23:59:59.999999',
    '02T00:00',
    '02T00:00:00.000001',
    '03T12:00',
    '04T00:00',
  ];
  for (const [at, time] of times.entries()) {
    for (const [of, device] of ['camera-even', 'camera-odd'].entries()) {
      const type = at % 2 ? 'motion' : 'visit';
      await console.addEvent([idOf(1_000 + 10 * at + of), `2026-02-${time}Z`, type, device, {}]);
    }
  }
  const edges = [...times.map((time) => `2026-02-${time}`), '2026-02-02T06:00', '2026-02-05', null];
  for (const from of edges) {
    for (const to of edges) {
      for (const filter of [
        '',
        '&event_type=visit',
        '&camera_id=camera-odd',
        '&camera_id=camera-even&event_type=motion',
      ]) {
        const span = `${from ? `start_time=${from}` : 'page=1'}${to ? `&end_time=${to}` : ''}${filter}`;
        const { body } = await console.get(`/api/events?${span}&page_size=100`);
        expect(body.total, span).toBe(body.events.length);
      }
    }
  }
});
