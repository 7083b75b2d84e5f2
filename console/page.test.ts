import { pino } from 'pino';
import type { Browser, Page } from 'playwright-core';
import { Registry } from 'prom-client';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDeviceAccess } from '../http/access/devices/device-access.ts';
import { NO_LIMITS, SECRET } from '../http/access/devices/devices-under-test.ts';
import { createServer, type Server } from '../http/server.ts';
import { createMemoryBlobs } from '../ports/blobs/memory.ts';
import { systemClock } from '../ports/clock/system.ts';
import { Outage } from '../ports/errors.ts';
import type { ReaderLag } from '../ports/log/watch-lag.ts';
import type { Statement, Store } from '../ports/store/store.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { registerConsole } from './app.ts';
import { launchBrowser, noBrowser, openPage } from './browser-under-test.ts';
import { openDiskWatch } from './disks-under-test.ts';
import { createLetterActions } from './letter-actions.ts';
import { noLiveEvents, openAccess } from './routes/server-under-test.ts';

/** The page as people meet it: in a real browser, over real HTTP. What is behind the API is made up. */

const HOSTILE = `<img src=x onerror="document.title='owned'">`;

function frameId(number: number): string {
  return `00000000-0000-5000-8000-${String(number).padStart(12, '0')}`;
}

function device(id: string, { frame = 1, agoMs = 1_000, missing = 0 } = {}) {
  const at = new Date(Date.now() - agoMs);
  return { id, last_seen_at: at, last_frame_id: frameId(frame), last_captured_at: at, missing: String(missing) };
}

function event(number: number, over: Readonly<Record<string, unknown>> = {}) {
  return {
    number,
    id: frameId(number),
    type: 'motion',
    device_id: 'camera-1',
    occurred_at: '2026-11-20T23:00:00.123000',
    ended_at: '2026-11-20T23:00:04.623000',
    created_at: '2026-11-20T23:00:05.000000',
    frame_id: frameId(1),
    frame_seq: 1,
    data: { peak_score: 0.124 },
    version: 1,
    lane: 'live',
    ...over,
  };
}

/** What the service knows. Tests change it while the page looks. */
function createWorld() {
  const world = {
    devices: [] as ReturnType<typeof device>[],
    events: [] as ReturnType<typeof event>[],
    deadLetters: 0,
    readers: [] as ReaderLag[],
    broken: false,
    picturesAsked: 0,
  };
  function rowsOf(name: string): readonly object[] {
    if (world.broken) throw new Outage('store', 'away');
    if (name.startsWith('device-status-')) return world.devices;
    if (name.startsWith('rates-'))
      return [{ frames: 120, events: 7, dead_letters: 0, open_letters: world.deadLetters }];
    if (name.startsWith('reach-of-page-')) return [{ edges: [] }];
    if (name.startsWith('list-events-')) return world.events.map(({ number }) => ({ device_id: '', at: '', number }));
    if (name.startsWith('read-events-')) return world.events;
    if (name.startsWith('event-pieces-')) return [{ places: [] }];
    if (name.startsWith('sum-events-')) return [{ total: world.events.length, by_type: {}, by_device: {} }];
    if (name.startsWith('find-capture-blob-')) {
      world.picturesAsked++;
      return [{ blob_key: 'picture.jpg' }];
    }
    throw new Error(`no rows made up for ${name}`);
  }
  const store: Store = {
    run: async <Row extends object>({ name }: Statement) => [...rowsOf(name)] as Row[],
    transaction: () => Promise.reject(new Error('nothing writes here')),
    check: async () => {},
    close: async () => {},
  };
  return { world, store };
}

describe.skipIf(noBrowser)('the first page', () => {
  let browser: Browser;
  const servers: Server[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
  });

  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  async function listen(store: Store, readers: () => readonly ReaderLag[], port = 0): Promise<number> {
    const blobs = createMemoryBlobs({ clock: systemClock });
    const grey = { width: 320, height: 240, channels: 3, background: '#567' } as const;
    await blobs.put('picture.jpg', await sharp({ create: grey }).jpeg().toBuffer());
    const app = createServer({ logger: pino({ level: 'silent' }), metrics: new Registry() });
    const lag = {
      get readers() {
        return readers();
      },
      look: async () => {},
    };
    const devices = createDeviceAccess({ store, secret: SECRET, config: NO_LIMITS, nowMs: systemClock.nowMs });
    const configPublisher = { publish: async () => true };
    const diskWatch = openDiskWatch({ blobs, clock: systemClock });
    const log = { append: async () => undefined };
    const letterActions = createLetterActions({ store, log, codec: fixedCodec, clock: systemClock });
    const parts = {
      store,
      blobs,
      clock: systemClock,
      lag,
      log: {},
      diskWatch,
      codec: fixedCodec,
      configPublisher,
      letterActions,
      liveEvents: noLiveEvents,
    };
    await registerConsole(app, { ...parts, access: openAccess, devices });
    servers.push(app);
    await app.listen({ host: '127.0.0.1', port });
    const address = app.server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  const open = (origin: string): Promise<{ page: Page; complaints: string[] }> => openPage(browser, origin);

  async function start(prepare: (world: ReturnType<typeof createWorld>['world']) => void = () => {}) {
    const { world, store } = createWorld();
    prepare(world);
    const port = await listen(store, () => world.readers);
    const origin = `http://127.0.0.1:${port}`;
    return { world, store, port, origin, ...(await open(origin)) };
  }

  test('a newcomer is told how to send the first frame, and sees it come', async () => {
    const { world, page, origin, complaints } = await start();
    await page.getByRole('heading', { name: 'Send the first frame' }).waitFor();
    expect(await page.locator('#pair').textContent()).toBe(`npm run pair -- camera-1 --url ${origin} --password …`);
    expect(await page.locator('#content').isVisible()).toBe(false);
    world.devices = [device('camera-1')];
    await page.getByRole('heading', { name: 'camera-1' }).waitFor();
    expect(await page.locator('#welcome').isVisible()).toBe(false);
    expect(complaints).toEqual([]);
  });

  test('devices, events, rates and lag are there', async () => {
    const { page, complaints } = await start((world) => {
      world.devices = [
        device('camera-10'),
        device('camera-2', { agoMs: 300_000, missing: 3 }),
        device('camera-1', { frame: 2 }),
      ];
      world.events = [event(2, { ended_at: null }), event(1, { lane: 'backlog' })];
      world.readers = [
        { group: 'processor', topic: 'frames', records: 340, ageMs: 12_300 },
        { group: 'aggregator', topic: 'events', records: 0, ageMs: 0 },
      ];
      world.deadLetters = 2;
    });
    const cards = page.locator('#devices > li');
    await cards.nth(2).waitFor();
    expect(await page.getByRole('heading', { level: 3 }).allTextContents()).toEqual([
      'camera-1',
      'camera-2',
      'camera-10',
    ]);
    expect(await cards.nth(0).textContent()).toContain('online');
    expect(await cards.nth(1).textContent()).toMatch(/silent\s+Last seen 5 min ago.*3 frames missing/s);
    await page.getByAltText('Newest picture of camera-1', { exact: true }).waitFor();

    const rows = page.getByRole('row');
    expect(await rows.nth(1).textContent()).toMatch(/Motion\s+12 % of the picture\s+going on/);
    expect(await rows.nth(2).textContent()).toMatch(/sent late\s+4.5 s/);
    const when = rows.nth(1).locator('time');
    expect(await when.getAttribute('title')).toBe('2026-11-20T23:00:00.123000Z');
    // Midnight in Berlin: what the API says is UTC.
    expect(await when.textContent()).toContain('00:00:00');
    const picture = rows.nth(1).getByRole('link', { name: 'Motion at camera-1' });
    expect(await picture.getAttribute('href')).toContain(`/api/captures/${frameId(1)}/image`);

    const figures = await page.locator('#figures').textContent();
    expect(figures).toMatch(/Frames per minute\s+120\s+2 of 3 devices online/);
    expect(figures).toMatch(/Lag\s+12 s\s+340 frames wait, the oldest this long/);
    expect(figures).toMatch(/Dead letters\s+2/);
    expect(complaints).toEqual([]);
  });

  test('news arrives without a reload, and a picture is fetched once', async () => {
    const { world, page, complaints } = await start((world) => {
      world.devices = [device('camera-1')];
      world.readers = [{ group: 'processor', topic: 'frames', records: 0, ageMs: 0 }];
    });
    await page.getByText('Nothing has happened yet').waitFor();
    await page.getByAltText('Newest picture of camera-1').waitFor();
    expect(await page.locator('#lag').textContent()).toContain('up to date');
    await page.waitForResponse('**/api/status');
    await page.waitForResponse('**/api/status');
    expect(world.picturesAsked).toBe(1);

    world.devices = [device('camera-1', { frame: 2 }), device('camera-2')];
    world.events = [event(1, { frame_id: null })];
    await page.getByRole('heading', { name: 'camera-2' }).waitFor();
    await page.locator(`img[src*="${frameId(2)}"]`).waitFor();
    expect(await page.getByRole('row').nth(1).textContent()).toContain('Motion');
    expect(await page.getByRole('log').textContent()).toBe('New device: camera-2.');
    expect(complaints).toEqual([]);
  });

  test('nothing is asked while nobody looks', async () => {
    const { page } = await start();
    await page.getByText('Live', { exact: true }).waitFor();
    const turn = (hidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));`);
    await turn(true);
    let asked = 0;
    page.on('request', () => asked++);
    await page.waitForTimeout(2_500);
    expect(asked).toBe(0);
    await turn(false);
    await expect.poll(() => asked).toBe(2);
  });

  test('what a device calls itself stays text', async () => {
    const { page, complaints } = await start((world) => {
      world.devices = [device(HOSTILE)];
      world.events = [event(1, { type: HOSTILE, device_id: HOSTILE, data: { peak_score: HOSTILE } })];
    });
    await page.getByRole('heading', { name: HOSTILE }).waitFor();
    expect(await page.locator('#events td').nth(2).textContent()).toBe(HOSTILE);
    expect(await page.locator('[src=x]').count()).toBe(0);
    expect(await page.title()).toBe('Passerby');
    expect(complaints).toEqual([]);
  });

  test('a password in the address keeps nothing from working', async () => {
    const { origin, page } = await start();
    await page.goto(origin.replace('//', '//admin:secret@'));
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.locator('#pair').textContent()).not.toContain('secret');
  });

  test('an outage is said at once, what is old is called old, and it recovers by itself', async () => {
    const { world, page, store, port, complaints } = await start((world) => {
      world.devices = [device('camera-1')];
    });
    await page.getByRole('heading', { name: 'camera-1' }).waitFor();

    world.broken = true;
    await page.getByRole('heading', { name: 'The service answers with an error (503)' }).waitFor();
    await page.getByText(/^What you see is \d+ s old\.$/).waitFor();
    expect(await page.locator('header').textContent()).toMatch(/No answer\s+since \d\d:\d\d:\d\d/);
    expect(await page.getByRole('heading', { name: 'camera-1' }).isVisible()).toBe(true);

    world.broken = false;
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.locator('#outage').isVisible()).toBe(false);

    await Promise.all(servers.splice(0).map((server) => server.close()));
    await page.getByRole('heading', { name: 'The service does not answer' }).waitFor();
    await listen(store, () => world.readers, port);
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.getByRole('log').locator('p').allTextContents()).toEqual([
      'The service answers with an error (503).',
      'The service answers again.',
      // On its way down it may still have answered that it stops.
      expect.stringMatching(/^The service (does not answer|answers with an error \(503\))\.$/),
      'The service answers again.',
    ]);
    // The browser itself tells of requests that failed; anything else would be ours.
    expect(complaints.filter((complaint) => !complaint.startsWith('Failed to load resource'))).toEqual([]);
  });
});
