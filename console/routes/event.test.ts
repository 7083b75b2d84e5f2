import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConsoleUnderTest, idOf, startConsole } from './server-under-test.ts';

let console: ConsoleUnderTest;
beforeAll(async () => {
  console = await startConsole();
  // As cameras tell of it: not in the order of time, and some of it much later.
  for (const [number, at] of [
    '2026-05-06T23:59:59.999999Z',
    '2026-05-07T00:00:00Z',
    '2026-05-01T11:59:59.125Z',
    '2024-02-29T00:00:00.000001Z',
    '2026-05-01T12:00:00Z',
  ].entries()) {
    await console.addEvent([idOf(number), at, number % 2 ? 'visit' : 'motion', 'door', { number }]);
  }
});
afterAll(() => console.stop());

test('each event of a list is answered by its number, as it stands there, whenever it happened', async () => {
  const { body } = await console.get('/api/events');
  expect(body.events).toHaveLength(5);
  for (const event of body.events) {
    const answer = await console.get(`/api/events/${event.id}`);
    expect([answer.status, answer.body]).toEqual([200, event]);
  }
});

test('an event says where its snapshot lies below those of all', async () => {
  const at = '2026-05-07T00:00:00Z';
  await console.addSnapshot([idOf(1), at, 'snapshots/door/2026-05-07/visit_000000_000000.png']);
  const { body } = await console.get('/api/events?event_type=visit&start_time=2026-05-07&end_time=2026-05-07T12:00');
  expect(body.events).toMatchObject([{ snapshot_path: 'door/2026-05-07/visit_000000_000000.png' }]);
});

test('a number that no event has is not found, whether others are near it or not', async () => {
  for (const number of [6, 999, 987_654, Number.MAX_SAFE_INTEGER]) {
    const { status, body } = await console.get(`/api/events/${number}`);
    expect([status, body.code]).toEqual([404, 'no-such-event']);
  }
});

test.each(['x', '0', '-1', '1.5', '9007199254740992', idOf(1)])('%s is no number of an event', async (number) => {
  const { status, body } = await console.get(`/api/events/${number}`);
  expect([status, body.code]).toEqual([422, 'invalid-request']);
});
