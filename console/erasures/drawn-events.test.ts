import { afterAll, beforeAll, expect, test } from 'vitest';
import { derivedId } from '../../schemas/identity.ts';
import { event } from '../../schemas/records-under-test.ts';
import { snapshotKey } from '../../schemas/snapshot-key.ts';
import type { Event } from '../../schemas/types.ts';
import { minutes } from './erased-under-test.ts';
import { type ErasingRig, startErasingRig } from './erasing-rig-under-test.ts';

let rig: ErasingRig;
beforeAll(async () => {
  rig = await startErasingRig();
});
afterAll(() => rig.services.stop());

interface Drawn {
  readonly what: string;
  readonly of: Event;
  readonly ordinal: number;
  /** Its row says where its picture is. */
  readonly told: boolean;
}

const box = { x: 0, y: 0, width: 1, height: 1 };

function trackOf(device: string, person_id: string, minute: number): Event {
  return event(`track of ${person_id} at ${minute}`, {
    ...{ device_id: device, type: 'tracking', occurred_at: minutes(minute), ended_at: null },
    payload: {
      ...{ kind: 'Tracking', track_id: derivedId('track', person_id), tracking_action: 'entered' },
      ...{ class_name: 'person', confidence: 0.9, bounding_box: box, person_id },
    } as Event['payload'],
  });
}

function thingOf(device: string, class_name: string, minute: number): Event {
  return event(`${class_name} at ${minute}`, {
    ...{ device_id: device, type: 'detection', occurred_at: minutes(minute), ended_at: null },
    payload: { kind: 'Detection', class_name, confidence: 0.9, box },
  });
}

const keyOf = ({ of: { type, device_id, occurred_at, lane }, ordinal }: Drawn) =>
  snapshotKey({ type, device_id, occurred_at, lane, ordinal });

async function write(drawn: readonly Drawn[]): Promise<void> {
  await rig.written.write('events', 'event', ...drawn.map((one) => one.of));
  const text = 'update events set snapshot_ordinal = $2, snapshot_path = $3 where id = $1';
  for (const one of drawn) {
    await rig.blobs.put(keyOf(one), Buffer.from(`a drawing of ${one.what}`));
    const values = [one.of.event_id, one.ordinal, one.told ? keyOf(one) : null];
    await rig.services.store.run({ name: 'drawn-event', text }, values);
  }
}

/** Of each its row, and whether there is its picture. */
async function leftOf(device: string, drawn: readonly Drawn[]) {
  const rows = (await rig.rowsOf('events', device)) as readonly {
    readonly id: string;
    readonly snapshot_path: string | null;
  }[];
  return await Promise.all(
    drawn.map(async (one) => {
      const row = rows.find(({ id }) => id === one.of.event_id);
      const picture = (await rig.blobs.head(keyOf(one))) !== null;
      return [one.what, row ? (row.snapshot_path === null ? 'untold' : 'told') : 'gone', picture];
    }),
  );
}

test('of a person every drawn picture goes that may show them, also where the event stays, or the drawing is not told', async () => {
  const { device, person, other } = await rig.written.fill('cam-drawn');
  // The person is there from minute 10 to 12, the other from 20 to 22.
  const drawn: readonly Drawn[] = [
    { what: 'their track', of: trackOf(device, person, 10), ordinal: 0, told: true },
    { what: 'a track of somebody beside them', of: trackOf(device, other, 10), ordinal: 1, told: true },
    { what: 'a thing beside them', of: thingOf(device, 'car', 11), ordinal: 0, told: true },
    { what: 'another, drawn just now', of: thingOf(device, 'dog', 11), ordinal: 1, told: false },
    { what: 'a track of somebody later', of: trackOf(device, other, 20), ordinal: 0, told: true },
    { what: 'a thing later, drawn just now', of: thingOf(device, 'car', 20), ordinal: 0, told: false },
  ];
  await write(drawn);
  await rig.erase({ kind: 'person', personId: person, deviceId: null });
  expect(await leftOf(device, drawn)).toEqual([
    ['their track', 'gone', false],
    ['a track of somebody beside them', 'untold', false],
    ['a thing beside them', 'untold', false],
    ['another, drawn just now', 'untold', false],
    ['a track of somebody later', 'told', true],
    ['a thing later, drawn just now', 'untold', true],
  ]);
});

test('of a time every drawn picture goes that may show it, also of who crossed a line right after it', async () => {
  const { device, other } = await rig.written.fill('cam-drawn-range');
  const crossed = (minute: number): Event =>
    event(`crossed at ${minute}`, {
      ...{ device_id: device, type: 'line_crossed', occurred_at: minutes(minute), ended_at: null },
      payload: {
        ...{ kind: 'LineCrossing', line_id: 'l', line_name: '', direction: 'in' },
        ...{ person_id: other, box },
      } as Event['payload'],
    });
  const drawn: readonly Drawn[] = [
    { what: 'a thing in it', of: thingOf(device, 'car', 4), ordinal: 0, told: true },
    { what: 'a way over a line, right after it', of: crossed(7), ordinal: 0, told: true },
    { what: 'a thing right after it', of: thingOf(device, 'car', 7), ordinal: 0, told: true },
    { what: 'a way over a line, later', of: crossed(9), ordinal: 0, told: true },
  ];
  await write(drawn);
  await rig.erase({ kind: 'range', deviceId: device, fromMs: minutes(3), toMs: minutes(5) });
  expect(await leftOf(device, drawn)).toEqual([
    ['a thing in it', 'gone', false],
    ['a way over a line, right after it', 'untold', false],
    ['a thing right after it', 'told', true],
    ['a way over a line, later', 'told', true],
  ]);
});
