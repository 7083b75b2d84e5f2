import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ErasingRig, startErasingRig } from '../../console/erasures/erasing-rig-under-test.ts';
import { differences, type Outcome, readOutcome } from './outcome.ts';

/** What `npm run crash` compares: whatever a kill could leave wrong is to show. */
let rig: ErasingRig;
let whole: Outcome;
const outcome = () => readOutcome({ store: rig.services.store, blobs: rig.blobs, told: [], acknowledged: [] });

beforeAll(async () => {
  rig = await startErasingRig();
  await rig.written.fill('cam');
  whole = await outcome();
});
afterAll(() => rig.services.stop());

/** Undone by its caller. */
async function afterwards(statement: string): Promise<readonly string[]> {
  let found: readonly string[] = [];
  const undone = rig.services.store.transaction(async (store) => {
    await store.run({ name: `test-${statement.replace(/\W+/g, '-').slice(-50)}`, text: statement });
    const broken = await readOutcome({ store, blobs: rig.blobs, told: [], acknowledged: [] });
    found = differences(whole, broken);
    throw new Undone();
  });
  await expect(undone).rejects.toThrow(Undone);
  return found;
}
class Undone extends Error {}

test('two that are alike differ in nothing', async () => {
  expect(differences(whole, await outcome())).toEqual([]);
});

const ONE = 'ctid = (select min(ctid) from';
test.each([
  ['captures', `update captures set state = 'failed' where ${ONE} captures)`],
  ['captures', `delete from captures where ${ONE} captures)`],
  ['events', `update events set ended_at = ended_at + interval '1 ms' where ${ONE} events where ended_at is not null)`],
  ['visits', `update visits set dwell_ms = dwell_ms + 1 where ${ONE} visits)`],
  ['visits', `delete from visits where ${ONE} visits)`],
  ['counts', `update event_counts set count = count + 1 where ${ONE} event_counts)`],
  ['counts', `delete from event_counts where ${ONE} event_counts)`],
  ['days', `update event_days set events = events + 1 where ${ONE} event_days)`],
  ['days', `delete from event_days where ${ONE} event_days)`],
  ['months', `update event_months set events = events + 1 where ${ONE} event_months)`],
  ['months', `delete from event_months where ${ONE} event_months)`],
  ['unnumbered', 'delete from event_numbers'],
  ['events', `update events set snapshot_path = null where snapshot_path is not null`],
  ['occupancy', `update occupancy_changes set at = at + interval '1 ms' where ${ONE} occupancy_changes)`],
  ['(occupancy|stays)', `delete from occupancy_changes where ${ONE} occupancy_changes)`],
  ['stays', `insert into occupancy_days (device_id, zone_id, day, people) values ('cam', '', '2026-01-01', 1)`],
  ['observations', `update observations set frames = frames + 1 where ${ONE} observations)`],
  ['observations', `delete from observations where ${ONE} observations)`],
  ['letters', `update dead_letters set code = 'other' where ${ONE} dead_letters)`],
  ['ledger', `update seq_blocks set bits = set_bit(bits, 4000, 1)`],
])('a row of %s that is another, or is missing, shows: %s', async (name, statement) => {
  const found = await afterwards(statement);
  expect(found.length).toBeGreaterThan(0);
  expect(found.filter((line) => !new RegExp(`^[-+] ${name} `).test(line))).toEqual([]);
});

test('a picture and its event go together', async () => {
  expect(whole.unpaired).toEqual([]);
  expect(whole.pictured).toBeGreaterThan(0);
  const { blobs } = rig;
  let key = '';
  for await (const one of blobs.list('snapshots/')) key = one;
  const bytes = await blobs.get(key);
  await blobs.delete(key);
  expect((await outcome()).unpaired).toEqual([`an event without its picture ${key}`]);
  await blobs.put(key, Buffer.from('another'));
  expect(differences(whole, await outcome())).toEqual([
    expect.stringMatching(`^- snapshot ${key} `),
    expect.stringMatching(`^\\+ snapshot ${key} `),
  ]);
  await blobs.delete(key);
  await blobs.put(key, bytes ?? Buffer.alloc(0));
  const stray = 'snapshots/cam/2026-01-01/visit_000000_000000.png';
  await blobs.put(stray, Buffer.from('stray'));
  expect((await outcome()).unpaired).toEqual([`a picture without an event ${stray}`]);
  await blobs.delete(stray);
  expect(await outcome()).toEqual(whole);
});

test('a drawing that is missing shows', () => {
  expect(differences(whole, { ...whole, lines: whole.lines.filter((line) => !line.startsWith('snapshot ')) })).toEqual([
    expect.stringMatching(/^- snapshot /),
  ]);
});
