import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statement } from '../ports/store/statement.ts';
import { derivedId, frameId } from '../schemas/identity.ts';
import { NOW_MS } from '../schemas/records-under-test.ts';
import type { Box, Event, Observation } from '../schemas/types.ts';
import { blurred } from './blur.ts';
import { drawThing } from './draw-thing.ts';
import { opened } from './drawings-under-test.ts';
import { type SnapshotsRig, startSnapshotsRig, until } from './rig-under-test.ts';
import type { Thing } from './what-to-draw.ts';

let rig: SnapshotsRig;
beforeAll(async () => {
  rig = await startSnapshotsRig();
});
afterAll(() => rig.services.stop());

const eraseRange = statement(import.meta.url, '../ingest/sql/test-erase-range.sql');
const here: Box = { x: 0.1, y: 0.2, width: 0.2, height: 0.5 };
const there: Box = { x: 0.6, y: 0.3, width: 0.2, height: 0.5 };

/** The second frame of a device, two seconds after its first. */
async function addFrames(device: string, ...seen: Parameters<SnapshotsRig['addFrame']>[2][]): Promise<void> {
  await rig.addFrame(device, {}, seen[0]);
  const second = { seq: 2, frame_id: frameId(device, 0, 2), captured_at: NOW_MS + 2_000 };
  await rig.addFrame(device, { ...second, blob_key: `images/${device}/2.jpg` }, seen[1]);
}

function visitOf(
  device: string,
  change: Partial<Event> & { readonly state?: 'updated' | 'closed' } = {},
): Partial<Event> {
  const { state = 'closed', ...more } = change;
  return {
    type: 'visit',
    event_id: derivedId('visit', device),
    version: state === 'closed' ? 3 : 2,
    occurred_at: NOW_MS - 1_000,
    ended_at: state === 'closed' ? NOW_MS + 4_000 : null,
    frame_id: frameId(device, 0, 2),
    payload: {
      ...{ kind: 'Visit', person_id: 'p', state, dwell_ms: 5_000, dwell_min_ms: 5_000, dwell_max_ms: 5_000 },
      ...{ last_seen_at: NOW_MS + 4_000, track_id: 't'.repeat(36), sightings: 5, confidence: 0.9, box: here },
    } as Event['payload'],
    ...more,
  };
}

function trackingOf(device: string, who: string, bounding_box: Box): Partial<Event> {
  const track_id = derivedId('track', who);
  return {
    type: 'tracking',
    event_id: derivedId('tracking', device, who),
    version: 1,
    occurred_at: NOW_MS,
    ended_at: null,
    frame_id: frameId(device, 0, 1),
    payload: {
      ...{ kind: 'Tracking', track_id, tracking_action: 'entered', class_name: 'person', confidence: 0.8 },
      ...{ bounding_box, person_id: who },
    } as Event['payload'],
  };
}

const person = (box: Box): Observation['objects'][number] => ({
  class_name: 'person',
  confidence: 0.9,
  track_id: null,
  box,
});
const visitor: Thing = { box: here, className: 'person', confidence: 0.9, trackId: 't'.repeat(36) };

async function drawingOf(device: string, seq: number, thing: Thing, people: readonly Box[] = []): Promise<Buffer> {
  const picture = await opened((await rig.blobs.get(`images/${device}/${seq}.jpg`)) ?? Buffer.alloc(0));
  return await drawThing(people.length > 0 ? blurred(picture, people) : picture, thing);
}

const VISIT = '2026-05-01/visit_115959_000000.png';
const pictureOf = (device: string, name: string) => rig.blobs.get(`snapshots/${device}/${name}`);

test('a visit is drawn when it is over, in the frame that it names as its best', async () => {
  await addFrames('visited');
  await rig.addEvent('visited', visitOf('visited', { state: 'updated', frame_id: frameId('visited', 0, 1) }));
  await rig.aggregate();
  expect(await rig.drain()).toEqual({});
  await rig.addEvent('visited', visitOf('visited'));
  await rig.aggregate();
  expect(await rig.drain()).toEqual({ stored: 1 });
  expect(await rig.namesOf('visited')).toEqual([VISIT]);
  expect(await pictureOf('visited', VISIT)).toEqual(await drawingOf('visited', 2, visitor));
});

test('two who enter in one frame have a picture each', async () => {
  await addFrames('entered');
  await rig.addEvent('entered', trackingOf('entered', 'A', here));
  await rig.addEvent('entered', trackingOf('entered', 'B', there));
  await rig.aggregate();
  expect(await rig.drain()).toEqual({ stored: 2 });
  const names = ['000', '002'].map((digits) => `2026-05-01/tracking_120000_000${digits}.png`);
  expect(await rig.namesOf('entered')).toEqual(names);
  const thing = { className: 'person', confidence: 0.8 };
  const wanted = await Promise.all([
    drawingOf('entered', 1, { ...thing, box: here, trackId: derivedId('track', 'A') }),
    drawingOf('entered', 1, { ...thing, box: there, trackId: derivedId('track', 'B') }),
  ]);
  const rows = await rig.services.rows<{ id: string; snapshot_path: string | null }>('events');
  for (const [at, who] of ['A', 'B'].entries()) {
    const path = rows.find(({ id }) => id === derivedId('tracking', 'entered', who))?.snapshot_path ?? '';
    expect(await rig.blobs.get(path)).toEqual(wanted[at]);
  }
});

test.each([
  ['that is not to be drawn', { SNAPSHOT_TYPES: 'motion,tracking' }],
  ['while nothing is to be drawn', { ENABLE_SNAPSHOTS: false }],
])('of a type %s no picture is made, and what comes is passed over', async (what, config) => {
  const device = `passed-${what.length}`;
  await addFrames(device);
  await rig.addEvent(device, visitOf(device));
  await rig.aggregate();
  expect(await rig.drain({ config })).toEqual({});
  expect(await rig.namesOf(device)).toEqual([]);
});

test('an event that names no place, or no frame that there is, is passed over', async () => {
  await rig.addEvent('nowhere', visitOf('nowhere', { frame_id: null }));
  await rig.addEvent('nowhere', visitOf('nowhere', { event_id: derivedId('visit', 'no frame') }));
  await rig.aggregate();
  rig.clock.advance(3_600_000);
  expect(await rig.drain()).toEqual({ 'no-place': 1, 'no-capture': 1 });
});

test('where people are to be blurred, all whom the frame shows are, also in the picture of another', async () => {
  const config = { SNAPSHOTS_BLUR_PEOPLE: true };
  const cart = { class_name: 'cart', confidence: 0.9, track_id: null, box: { x: 0.4, y: 0, width: 0.1, height: 0.1 } };
  await addFrames('blurred', {}, { objects: [person(here), person(there), cart] });
  await rig.addEvent('blurred', visitOf('blurred'));
  await rig.aggregate();
  expect(await rig.drain({ config })).toEqual({ stored: 1 });
  expect(await pictureOf('blurred', VISIT)).toEqual(await drawingOf('blurred', 2, visitor, [here, there]));
});

test('and until it is known whom it shows, nothing is drawn; if that is never known, never', async () => {
  const config = { SNAPSHOTS_BLUR_PEOPLE: true };
  await addFrames('unknown', {}, 'nothing yet');
  await rig.addEvent('unknown', visitOf('unknown'));
  await rig.aggregate();
  let troubles = 0;
  const logger = pino({ level: 'warn' }, { write: () => void troubles++ });
  const stop = rig.start({ config, logger });
  await until(async () => troubles > 0);
  expect(await rig.namesOf('unknown')).toEqual([]);
  rig.clock.advance(3_600_000);
  await until(rig.isDone);
  expect(await stop()).toEqual({ 'people-unknown': 1 });
  expect(await rig.namesOf('unknown')).toEqual([]);
});

test('no picture is drawn of a frame whose time is erased, though the event was at another', async () => {
  await addFrames('around');
  const crossing = { line_id: 'l', line_name: '', person_id: 'p', direction: 'in', box: here };
  const crossed: Partial<Event> = {
    ...{ type: 'line_crossed', event_id: derivedId('crossed'), occurred_at: NOW_MS, ended_at: null, version: 1 },
    ...{ frame_id: frameId('around', 0, 2), payload: { kind: 'LineCrossing', ...crossing } },
  };
  await rig.addEvent('around', crossed);
  await rig.aggregate();
  // What of it is still there goes later.
  await rig.store.run(eraseRange, ['around', new Date(NOW_MS + 1_500), new Date(NOW_MS + 3_000)]);
  expect(await rig.drain()).toEqual({ erased: 1 });
  expect(await rig.namesOf('around')).toEqual([]);
});

test('of what was erased while it was drawn nothing stays, also if whoever drew it died right then', async () => {
  await addFrames('died');
  await rig.addEvent('died', visitOf('died'));
  await rig.aggregate();
  await rig.store.run(eraseRange, ['died', new Date(NOW_MS - 2_000), new Date(NOW_MS + 9_000)]);
  await rig.blobs.put(`snapshots/died/${VISIT}`, Buffer.from('drawn before the crash'));
  expect(await rig.drain()).toEqual({ erased: 1 });
  expect(await rig.namesOf('died')).toEqual([]);
});
