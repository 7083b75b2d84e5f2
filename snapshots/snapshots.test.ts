import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Blobs } from '../ports/blobs/blobs.ts';
import { Outage } from '../ports/errors.ts';
import { unheard } from '../ports/log/unheard-under-test.ts';
import { statement } from '../ports/store/statement.ts';
import { derivedId, frameId } from '../schemas/identity.ts';
import { NOW_MS } from '../schemas/records-under-test.ts';
import type { Event } from '../schemas/types.ts';
import { drawMotion } from './draw-motion.ts';
import { opened } from './drawings-under-test.ts';
import { PEAK_SCORE, type SnapshotsRig, startSnapshotsRig, until } from './rig-under-test.ts';

let rig: SnapshotsRig;
beforeAll(async () => {
  rig = await startSnapshotsRig();
});
afterAll(() => rig.services.stop());

const eraseRange = statement(import.meta.url, '../ingest/sql/test-erase-range.sql');
const NAME = '2026-05-01/motion_120000_000000.png';
const pictureOf = (device: string) => rig.blobs.get(`snapshots/${device}/${NAME}`);

async function addMotion(device: string, change: Partial<Event> = {}): Promise<void> {
  await rig.addFrame(device);
  await rig.addEvent(device, change);
}

/** What the drawing of a device's motion must be, from the picture that is stored of one of its frames. */
async function drawingOf(device: string, { seq = 1, atMs = NOW_MS } = {}): Promise<Buffer> {
  const jpeg = (await rig.blobs.get(`images/${device}/${seq}.jpg`)) ?? Buffer.alloc(0);
  const boxes = [{ x: 0.5, y: 0.5, width: 0.25, height: 0.25 }];
  return await drawMotion({ picture: await opened(jpeg), boxes, atMs });
}

test('a motion that is over gets its picture, drawn from its frame', async () => {
  await addMotion('walked');
  await rig.aggregate();
  expect(await rig.drain()).toEqual({ stored: 1 });
  expect(await rig.namesOf('walked')).toEqual([NAME]);
  expect(await pictureOf('walked')).toEqual(await drawingOf('walked'));
});

test('of its frames it is the one that moved most, whose areas the event tells of', async () => {
  for (const [at, score] of [0.1, 0.2, PEAK_SCORE, 0.1, PEAK_SCORE].entries()) {
    const seq = at + 1;
    const frame_id = frameId('peak', 0, seq);
    const change = { seq, frame_id, captured_at: NOW_MS + at * 200, blob_key: `images/peak/${seq}.jpg` };
    await rig.addFrame('peak', change, { score });
  }
  // As far as its lane and its time are concerned, it might be one of them.
  await rig.addFrame('peak', { seq: 0, frame_id: frameId('peak', 0, 0), captured_at: NOW_MS - 1 });
  const late = { seq: 9, frame_id: frameId('peak', 0, 9), captured_at: NOW_MS + 100, lane: 'backlog' as const };
  await rig.addFrame('peak', late);
  await rig.addEvent('peak');
  await rig.aggregate();
  expect(await rig.drain()).toEqual({ stored: 1 });
  expect(await pictureOf('peak')).toEqual(await drawingOf('peak', { seq: 3, atMs: NOW_MS + 400 }));
});

const pathsOf = async (device: string) => {
  const rows = await rig.services.rows<{ device_id: string; snapshot_path: string | null }>('events');
  return rows.filter(({ device_id }) => device_id === device).map(({ snapshot_path }) => snapshot_path);
};

test('its row says where the picture lies, also if whoever drew it died before they could say so', async () => {
  await addMotion('told');
  await rig.aggregate();
  const drawn = `snapshots/told/${NAME}`;
  await rig.blobs.put(drawn, Buffer.from('drawn before the crash'));
  expect(await pathsOf('told')).toEqual([null]);
  expect(await rig.drain()).toEqual({ exists: 1 });
  expect(await pathsOf('told')).toEqual([drawn]);
});

test('of an event that is over already no picture stays that nobody would find', async () => {
  await addMotion('over');
  await rig.aggregate();
  await rig.store.run({ name: 'over', text: "delete from events where device_id = 'over'" });
  rig.clock.advance(60_000);
  expect(await rig.drain()).toEqual({ 'event-gone': 1 });
  expect(await rig.namesOf('over')).toEqual([]);
});

test('one that lasts, and what is no motion, gets none', async () => {
  await addMotion('lasts', { ended_at: null });
  await rig.addEvent('lasts', { type: 'device_online', event_id: derivedId('other', 'lasts') });
  await rig.aggregate();
  expect(await rig.drain()).toEqual({});
  expect(await rig.namesOf('lasts')).toEqual([]);
});

test('a motion of each lane, begun in the same millisecond, has a picture of its own', async () => {
  await addMotion('lanes');
  await rig.addFrame('lanes', { lane: 'backlog', frame_id: frameId('lanes', 0, 2), seq: 2 });
  await rig.addEvent('lanes', { lane: 'backlog', event_id: derivedId('motion', 'late') });
  await rig.aggregate();
  expect(await rig.drain()).toEqual({ stored: 2 });
  expect(await rig.namesOf('lanes')).toEqual([NAME, '2026-05-01/motion_120000_000001.png']);
});

test('several of one lane, device, type and moment have a picture each, and keep its name when others go', async () => {
  await addMotion('at-once');
  for (const number of [2, 3]) await rig.addEvent('at-once', { event_id: derivedId('motion', `at-once ${number}`) });
  await rig.aggregate();
  const names = [0, 2, 4].map((place) => `2026-05-01/motion_120000_00000${place}.png`);
  expect(await rig.drain()).toEqual({ stored: 3 });
  expect(await rig.namesOf('at-once')).toEqual(names);
  const paths = await pathsOf('at-once');
  expect(paths.toSorted()).toEqual(names.map((name) => `snapshots/at-once/${name}`));

  // The first has gone, and one more has come: what the others are called is theirs.
  const gone = "delete from events where device_id = 'at-once' and snapshot_ordinal = 0";
  await rig.store.run({ name: 'gone at once', text: gone });
  await rig.addEvent('at-once', { event_id: derivedId('motion', 'at-once 4') });
  for (const number of [2, 3]) await rig.addEvent('at-once', { event_id: derivedId('motion', `at-once ${number}`) });
  await rig.aggregate();
  expect(await rig.drain()).toEqual({ stored: 1, exists: 2 });
  expect((await pathsOf('at-once')).toSorted()).toEqual(
    [2, 4, 6].map((place) => `snapshots/at-once/2026-05-01/motion_120000_00000${place}.png`),
  );
});

test('an event that comes again changes nothing', async () => {
  await addMotion('again');
  await rig.aggregate();
  await rig.drain();
  const before = await pictureOf('again');
  await rig.addEvent('again');
  await rig.addEvent('again', {
    version: 3,
    payload: { kind: 'Motion', score: 1, peak_score: 1, frames: 9, boxes: [] },
  });
  expect(await rig.drain()).toEqual({ exists: 2 });
  expect(await pictureOf('again')).toEqual(before);
  expect(await rig.namesOf('again')).toEqual([NAME]);
});

test('killed after the pictures and before the commit: the same pictures, once', async () => {
  const devices = ['crash-1', 'crash-2', 'crash-3'];
  for (const device of devices) await addMotion(device);
  await rig.aggregate();
  const log = unheard(rig.log, (step) => step < 2);
  expect(await rig.drain({ log })).toEqual({ stored: 3, exists: 6 });
  for (const device of devices) {
    expect(await rig.namesOf(device)).toEqual([NAME]);
    expect(await pictureOf(device)).toEqual(await drawingOf(device));
  }
});

test('killed in the middle of a batch: what was not drawn is drawn, by whoever comes next', async () => {
  const devices = ['middle-1', 'middle-2', 'middle-3', 'middle-4'];
  for (const device of devices) await addMotion(device);
  await rig.aggregate();
  let puts = 0;
  const blobs: Blobs = {
    ...rig.blobs,
    async put(key, bytes) {
      if (puts++ === 2) throw new Outage('the blob store', 'does not answer');
      return rig.blobs.put(key, bytes);
    },
  };
  expect(await rig.drain({ blobs })).toEqual({ stored: 1, exists: 3 });
  for (const device of devices) expect(await pictureOf(device)).toEqual(await drawingOf(device));
});

test('a drawing that another one has made meanwhile stays', async () => {
  await addMotion('rival');
  await rig.aggregate();
  const blobs: Blobs = { ...rig.blobs, head: async () => null };
  await rig.blobs.put(`snapshots/rival/${NAME}`, Buffer.from('drawn by another'));
  expect(await rig.drain({ blobs })).toEqual({ exists: 1 });
  expect(await pictureOf('rival')).toEqual(Buffer.from('drawn by another'));
});

test('an event that comes before its capture waits for it, and so do those behind it', async () => {
  await addMotion('early');
  const stop = rig.start();
  await sleep(500);
  expect(await rig.isDone()).toBe(false);
  expect(await pictureOf('early')).toBeNull();
  await rig.aggregate();
  await until(rig.isDone);
  expect(await stop()).toEqual({ stored: 1 });
  expect(await pictureOf('early')).toEqual(await drawingOf('early'));
});

test('however long the aggregator is away, no picture is given up', async () => {
  await addMotion('outage');
  rig.clock.advance(3_600_000);
  const stop = rig.start();
  await sleep(500);
  expect(await rig.isDone()).toBe(false);
  await rig.aggregate();
  await until(rig.isDone);
  expect(await stop()).toEqual({ stored: 1 });
});

test('a capture that nobody will write is given up once the aggregator is past it, but not in the first minute', async () => {
  await rig.addEvent('never');
  await addMotion('after-never');
  await rig.aggregate();
  const stop = rig.start();
  await sleep(500);
  expect(await rig.isDone()).toBe(false);
  rig.clock.advance(60_000);
  // The newer ones that the aggregator has not read yet hold up nothing.
  await rig.addFrame('newer');
  await until(rig.isDone);
  expect(await stop()).toEqual({ 'no-capture': 1, exists: 1 });
  expect(await pictureOf('after-never')).toEqual(await drawingOf('after-never'));
});

test('an event whose picture cannot be had is passed over, and those behind it are drawn', async () => {
  await rig.addFrame('gone');
  await rig.blobs.delete('images/gone/1.jpg');
  await rig.addEvent('gone');
  await rig.blobs.put('images/torn/torn.jpg', Buffer.from([0xff, 0xd8, 0xff]));
  await rig.addFrame('torn', { blob_key: 'images/torn/torn.jpg' });
  await rig.addEvent('torn');
  await rig.addEvent('astray', { payload: { kind: 'Other', data_json: '{}' } });
  await addMotion('sound');
  await rig.aggregate();
  expect(await rig.drain()).toEqual({ 'picture-missing': 1, undecodable: 1, 'no-motion': 1, stored: 1 });
  expect(await pictureOf('sound')).toEqual(await drawingOf('sound'));
});

test('records that no release of ours writes stop nothing', async () => {
  await rig.addBytes(Buffer.from('no record'));
  await rig.addEvent('../../etc');
  await rig.addEvent('timeless', { occurred_at: 2 ** 52 - 1 });
  await rig.addEvent('endless', { payload: { kind: 'Motion', score: 1, peak_score: 1e300, frames: 1, boxes: [] } });
  await addMotion('behind');
  rig.clock.advance(3_600_000);
  await rig.aggregate();
  expect(await rig.drain()).toEqual({ unreadable: 1, 'no-name': 2, 'no-capture': 1, stored: 1 });
});

test('without its blob store or its database it waits, and then draws', async () => {
  await addMotion('waits');
  await rig.aggregate();
  let failures = 4;
  const fail = async () => {
    if (failures-- > 0) throw new Outage('it', 'does not answer');
  };
  const blobs: Blobs = {
    ...rig.blobs,
    get: async (key) => {
      await fail();
      return rig.blobs.get(key);
    },
  };
  expect(await rig.drain({ blobs })).toEqual({ stored: 1 });
  expect(failures).toBeLessThan(0);

  await addMotion('waits-too');
  await rig.aggregate();
  failures = 2;
  const store = {
    ...rig.store,
    run: async (...asked: Parameters<typeof rig.store.run>) => {
      await fail();
      return rig.store.run(...asked);
    },
  } as typeof rig.store;
  expect(await rig.drain({ store })).toEqual({ stored: 1 });
  expect(failures).toBeLessThan(0);
});

test('of a time that was erased no picture is drawn, and one that was drawn meanwhile goes', async () => {
  const erase = async (device: string) => {
    const values = [device, new Date(NOW_MS - 1_000), new Date(NOW_MS + 60_000)];
    await rig.store.run(eraseRange, values);
  };
  await erase('erased');
  await addMotion('erased');
  await addMotion('erasing');
  await rig.aggregate();
  const blobs: Blobs = {
    ...rig.blobs,
    put: async (key, bytes) => {
      // Somebody has it erased while it is drawn.
      if (key.startsWith('snapshots/erasing')) await erase('erasing');
      return rig.blobs.put(key, bytes);
    },
  };
  expect(await rig.drain({ blobs })).toEqual({ erased: 2 });
  expect([await rig.namesOf('erased'), await rig.namesOf('erasing')]).toEqual([[], []]);
});
