import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPng } from '../../ports/detector/jpeg.ts';
import { type ConsoleUnderTest, idOf, startConsole } from './server-under-test.ts';

let console: ConsoleUnderTest;
let png: Buffer;
beforeAll(async () => {
  console = await startConsole();
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  png = await sharp({ create: { width: 640, height: 480, channels: 3, background: 'red', noise } })
    .png()
    .toBuffer();
});
afterAll(() => console.stop());

const AT = '2024-03-15T14:30:52.456Z';

/** Answers the number under which the event is known. */
async function addEvent(id: number, device: string, key: string | null = null): Promise<number> {
  await console.addEvent([idOf(id), AT, 'motion', device, {}]);
  if (key !== null) await console.addSnapshot([idOf(id), AT, key]);
  const { body } = await console.get(`/api/events?camera_id=${device}`);
  return Number(body.events.find(({ event_id }) => event_id === idOf(id))?.id);
}

async function drawn(id: number, device: string, bytes = png): Promise<string> {
  const key = `snapshots/${device}/2024-03-15/motion_143052_456000.png`;
  await console.blobs.put(key, bytes);
  return `/api/events/${await addEvent(id, device, key)}/snapshot`;
}

test('a snapshot is its bytes, to be saved, and kept by nobody but this browser', async () => {
  const url = await drawn(1, 'shown');
  const { status, headers, bytes } = await console.get(url);
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('image/png');
  expect(headers['content-disposition']).toMatch(/^attachment; filename="event_\d+_snapshot.png"$/);
  expect(headers['cache-control']).toMatch(/^private/);
  expect(headers.etag).toMatch(/^"[^"]+"$/);
  expect(bytes).toEqual(png);
  const shown = await console.get(`${url}?inline=true`);
  expect(shown.headers['content-disposition']).toMatch(/^inline; filename="event_\d+_snapshot.png"$/);
});

test('who has it is not sent it again', async () => {
  const url = await drawn(2, 'known');
  const { headers } = await console.get(url);
  const etag = String(headers.etag);
  for (const named of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const again = await console.get(url, { 'if-none-match': named });
    expect([again.status, again.bytes.length, again.headers.etag]).toEqual([304, 0, etag]);
  }
  expect((await console.get(url, { 'if-none-match': '"x"' })).status).toBe(200);
  expect((await console.get(`${url}?format=webp`, { 'if-none-match': etag })).status).toBe(200);
});

test('a part of it is sent to who asks for that', async () => {
  const url = await drawn(3, 'in-parts');
  const { headers } = await console.get(url);
  const etag = String(headers.etag);
  const part = await console.get(url, { range: 'bytes=8-15' });
  expect([part.status, part.headers['content-range'], part.headers.etag]).toEqual([
    206,
    `bytes 8-15/${png.length}`,
    etag,
  ]);
  expect(part.bytes).toEqual(png.subarray(8, 16));
  expect((await console.get(url, { range: 'bytes=8-15', 'if-range': etag })).status).toBe(206);
  // Of another picture the rest would be no rest.
  expect((await console.get(url, { range: 'bytes=8-15', 'if-range': '"x"' })).bytes).toEqual(png);
  const beyond = await console.get(url, { range: `bytes=${png.length}-` });
  expect([beyond.status, beyond.body.code, beyond.headers['content-range']]).toEqual([
    416,
    'range-not-satisfiable',
    `bytes */${png.length}`,
  ]);
});

test.each([
  ['format=webp', 'webp', 640, 480],
  ['format=webp&width=100', 'webp', 100, 75],
  ['width=64', 'png', 64, 48],
  ['thumbnail=true', 'png', 320, 240],
  ['thumbnail=true&width=160&format=webp', 'webp', 160, 120],
  ['width=1920', 'png', 640, 480],
  ['thumbnail=false&format=png', 'png', 640, 480],
])('%s is another form of it, always the same', async (query, format, width, height) => {
  const [id] = [50 + query.length];
  const url = `${await drawn(id, `formed-${query.length}`)}?${query}`;
  const { status, headers, bytes } = await console.get(url);
  expect([status, headers['content-type']]).toEqual([200, `image/${format}`]);
  expect(headers['content-disposition']).toMatch(new RegExp(`snapshot.${format}"$`));
  expect(bytes.subarray(...(format === 'webp' ? [8, 12] : [1, 4])).toString()).toBe(format.toUpperCase());
  // A loader that is shut in this process says nothing of a WebP.
  if (format === 'png') expect(await openPng(bytes).metadata()).toMatchObject({ width, height });
  const again = await console.get(url);
  expect(again.bytes).toEqual(bytes);
  expect(again.headers.etag).toBe(headers.etag);
  expect((await console.get(url, { 'if-none-match': String(headers.etag) })).status).toBe(304);
});

test('forms have names of their own', async () => {
  const url = await drawn(4, 'named');
  const queries = ['', '?width=64', '?width=65', '?format=webp', '?format=webp&width=64'];
  const tags = await Promise.all(queries.map(async (query) => (await console.get(`${url}${query}`)).headers.etag));
  expect(new Set(tags).size).toBe(queries.length);
});

test('there is none of an event that is unknown, not drawn yet, or whose picture has gone or has no name', async () => {
  await console.blobs.put('snapshots/waiting/2024-03-15/motion_143052_456000.png', png);
  const numbers = [
    [987_654, 'no-such-event'],
    [Number.MAX_SAFE_INTEGER, 'no-such-event'],
    [await addEvent(10, 'waiting'), 'no-such-snapshot'],
    [await addEvent(11, 'gone', 'snapshots/gone/2024-03-15/motion_143052_456000.png'), 'no-such-snapshot'],
    [await addEvent(12, 'no name', 'snapshots/no name/../x.png'), 'no-such-snapshot'],
  ] as const;
  for (const [number, code] of numbers) {
    for (const query of ['', '?thumbnail=true']) {
      const { status, body, headers } = await console.get(`/api/events/${number}/snapshot${query}`);
      expect([status, body.code]).toEqual([404, code]);
      expect([headers['cache-control'], headers.etag]).toEqual(['no-store', undefined]);
    }
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

test.each(['format=jpeg', 'width=15', 'width=1921', 'width=x', 'thumbnail=perhaps'])(
  '%s is no form of it',
  async (query) => {
    const { status, body } = await console.get(`/api/events/1/snapshot?${query}`);
    expect([status, body.errors[0]?.pointer]).toEqual([422, `#/${query.split('=')[0]}`]);
  },
);
