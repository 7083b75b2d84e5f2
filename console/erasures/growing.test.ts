import { afterAll, beforeAll, expect, test } from 'vitest';
import { createIsErased } from '../../processor/erased-pictures.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import { AROUND_SIGHTS_MS, erasureNotesOf } from '../../schemas/erasure-note.ts';
import { frameId } from '../../schemas/identity.ts';
import { frame } from '../../schemas/records-under-test.ts';
import { applyErasures } from './apply.ts';
import { minutes, visitOf } from './erased-under-test.ts';
import { but, clock, type ErasingRig, going, startErasingRig } from './erasing-rig-under-test.ts';

/** Of somebody who was erased it is told later that they were there for longer: the erasure takes up what shows that. */
let rig: ErasingRig;
beforeAll(async () => {
  rig = await startErasingRig();
});
afterAll(() => rig.services.stop());

const run = (text: string, values: readonly unknown[] = []) =>
  rig.services.store.run({ name: `growing-${text.length}`, text }, values);

test('who misses a picture of it knows that it was erased, from when it goes on', async () => {
  const camera = await rig.written.fill('cam-noted');
  const asked = createIsErased({ blobs: rig.blobs });
  const isErased = (atMs: number) => asked({ device_id: camera.device, captured_at: atMs });
  await rig.erase({ kind: 'person', personId: camera.person, deviceId: null });
  expect([await isErased(minutes(11)), await isErased(minutes(14))]).toEqual([true, false]);
  const told = [visitOf(camera, { from: 10, to: 15, version: 2 }), visitOf(camera, { from: 25, to: 26 })];
  await rig.written.write('events', 'event', ...told);
  const [gone, unexplained]: [string[], string[]] = [[], []];
  const blobs = {
    ...rig.blobs,
    async delete(key: string) {
      const minute = /^images\/.*\/(\d+)\.jpg$/.exec(key)?.[1];
      if (minute !== undefined) gone.push(minute);
      if (minute !== undefined && !(await isErased(minutes(Number(minute))))) unexplained.push(key);
      await rig.blobs.delete(key);
    },
  };
  await rig.carryOut({ blobs }).sweep(going());
  expect([gone.sort(), unexplained]).toEqual([['13', '14', '15', '25', '26'], []]);
  // Up to the last millisecond of what shows them, and of no time in which they were not there.
  const lastMs = minutes(15) + AROUND_SIGHTS_MS;
  const answers = [lastMs, lastMs + 1, minutes(20), minutes(25)].map(isErased);
  expect(await Promise.all(answers)).toEqual([true, false, false, true]);
});

test('waits for whoever asked the list before it grew, and has still to write', async () => {
  const camera = await rig.written.fill('cam-growing');
  const { device } = camera;
  await rig.erase({ kind: 'person', personId: camera.person, deviceId: null });
  const late = frame(40, {
    ...{ device_id: device, frame_id: frameId(device, 1, 40), epoch: 1, captured_at: minutes(14) },
    blob_key: `images/${device}/40.jpg`,
  });
  await rig.blobs.put(late.blob_key, Buffer.from('a late picture'));
  const { commit } = await rig.written.writeSlowly('frames', 'frame', late);
  await rig.written.write('events', 'event', visitOf(camera, { from: 10, to: 15, version: 2 }));
  let isSwept = false;
  const sweeping = rig
    .carryOut()
    .sweep(going())
    .finally(() => {
      isSwept = true;
    });
  await expect.poll(async () => isSwept || (await rig.waitingForLocks()) > 0, { timeout: 20_000 }).toBe(true);
  await commit();
  await sweeping;
  await rig.finish();
  expect(await rig.leftOf(device)).toMatchObject({ minutes: but(10, 15), pictures: 24 });
});

test.each([
  ['of the erasure', ['erasure_leftovers', 'erasure_list', 'erasures']],
  ['that it grew', []],
])('after a restore of a database that does not know %s, all of it goes again', async (what, forgotten) => {
  const camera = await rig.written.fill(`cam-restored-${forgotten.length}`);
  await rig.erase({ kind: 'person', personId: camera.person, deviceId: null });
  await rig.written.write('events', 'event', visitOf(camera, { from: 10, to: 15, version: 2 }));
  await rig.finish();
  expect((await rig.leftOf(camera.device)).minutes).toEqual(but(10, 15));

  for (const table of forgotten) await run(`delete from ${table}`);
  await run("delete from erasure_list where reach = 'frames' and upper(during) > $1", [new Date(minutes(13))]);
  await rig.written.tell(camera.device);
  expect((await rig.leftOf(camera.device)).minutes, what).toEqual(expect.arrayContaining([13, 14, 15]));
  for (let times = 0; times < 2; times += 1) {
    await applyErasures({ store: rig.services.store, log: rig.log, blobs: rig.blobs, codec, clock });
    expect(await rig.leftOf(camera.device)).toMatchObject({ minutes: but(10, 15), pictures: 24 });
  }
  const listed = await rig.rowsOf('erasure_list', camera.device);
  await applyErasures({ store: rig.services.store, log: rig.log, blobs: rig.blobs, codec, clock });
  expect(await rig.rowsOf('erasure_list', camera.device)).toEqual(listed);
});

test('after a restore by the note of an older release, which tells of the first and the last time, others in between stay', async () => {
  const camera = await rig.written.fill('cam-between');
  await rig.written.write('events', 'event', visitOf(camera, { from: 25, to: 26 }));
  const { id } = await rig.erase({ kind: 'person', personId: camera.person, deviceId: null });
  const left = await rig.leftOf(camera.device);
  expect(left.minutes).toContain(20);
  // From the first time until the last.
  const note = {
    ...{ id, kind: 'person', device_id: camera.device, person_id: camera.person },
    ...{ from: minutes(10) - AROUND_SIGHTS_MS, to: minutes(26) + AROUND_SIGHTS_MS + 1 },
    ...{ requested_at: clock.nowMs(), requested_by: 'ann' },
  };
  await rig.blobs.put(`${erasureNotesOf(camera.device)}${id}.json`, Buffer.from(JSON.stringify(note)));
  await applyErasures({ store: rig.services.store, log: rig.log, blobs: rig.blobs, codec, clock });
  expect(await rig.leftOf(camera.device)).toEqual(left);
});
