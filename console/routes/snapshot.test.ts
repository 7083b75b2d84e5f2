import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConsoleUnderTest, idOf, startConsole } from './server-under-test.ts';

let console: ConsoleUnderTest;
beforeAll(async () => {
  console = await startConsole();
});
afterAll(() => console.stop());

const AT = '2024-03-15T14:30:52.456Z';

/** Answers the number under which the event is known. */
async function addEvent(id: number, device: string, type = 'motion'): Promise<number> {
  await console.addEvent([idOf(id), AT, type, device, {}]);
  const { body } = await console.get(`/api/events?camera_id=${device}`);
  return Number(body.events.find(({ event_id }) => event_id === idOf(id))?.id);
}

test('a snapshot is its bytes, to be shown, and kept by nobody but this browser', async () => {
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x00, 0xff]);
  const number = await addEvent(1, 'shown');
  await console.blobs.put('snapshots/shown/2024-03-15/motion_143052_456000.png', png);
  const { status, headers, bytes } = await console.get(`/api/events/${number}/snapshot`);
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('image/png');
  expect(headers['content-disposition']).toBe(`inline; filename="event_${number}_snapshot.png"`);
  expect(headers['cache-control']).toMatch(/^private/);
  expect(bytes).toEqual(png);
});

test('there is none of an event that is unknown, not drawn yet, of another type, or has no name for one', async () => {
  await console.blobs.put('snapshots/drawn/2024-03-15/motion_143052_456000.png', Buffer.from('a picture'));
  const numbers = [
    [987_654, 'no-such-event'],
    [Number.MAX_SAFE_INTEGER, 'no-such-event'],
    [await addEvent(2, 'waiting'), 'no-such-snapshot'],
    [await addEvent(3, 'drawn', 'visit'), 'no-such-snapshot'],
    [await addEvent(4, 'no name'), 'no-such-snapshot'],
  ] as const;
  for (const [number, code] of numbers) {
    const { status, body, headers } = await console.get(`/api/events/${number}/snapshot`);
    expect([status, body.code]).toEqual([404, code]);
    expect(headers['cache-control']).toBe('no-store');
  }
});

test.each(['x', '0', '-1', '1.5', '9007199254740992', idOf(1), '1%2F..'])(
  '%s is no number of an event',
  async (number) => {
    expect((await console.get(`/api/events/${number}/snapshot`)).status).toBe(422);
  },
);
