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
    987_654,
    Number.MAX_SAFE_INTEGER,
    await addEvent(2, 'waiting'),
    await addEvent(3, 'drawn', 'visit'),
    await addEvent(4, 'no name'),
  ];
  for (const number of numbers) {
    const { status, body, headers } = await console.get(`/api/events/${number}/snapshot`);
    expect([status, body.code]).toEqual([404, 'no-such-snapshot']);
    expect(headers['cache-control']).toBe('no-store');
  }
});

test('of what is no motion it lies where the row says', async () => {
  const path = 'snapshots/tracked/2024-03-15/tracking_143052_456002.png';
  await console.blobs.put(path, Buffer.from('the second'));
  await console.blobs.put('snapshots/tracked/2024-03-15/tracking_143052_456000.png', Buffer.from('the first'));
  const [told, untold] = [await addEvent(5, 'tracked', 'tracking'), await addEvent(6, 'tracked', 'tracking')];
  const text = 'update events set snapshot_path = $2 where number = $1';
  await console.services.store.run({ name: 'told', text }, [told, path]);
  expect((await console.get(`/api/events/${told}/snapshot`)).bytes).toEqual(Buffer.from('the second'));
  expect((await console.get(`/api/events/${untold}/snapshot`)).status).toBe(404);
});

test.each(['x', '0', '-1', '1.5', '9007199254740992', idOf(1), '1%2F..'])(
  '%s is no number of an event',
  async (number) => {
    expect((await console.get(`/api/events/${number}/snapshot`)).status).toBe(422);
  },
);
