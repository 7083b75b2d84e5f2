import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixedCodec } from '../schemas/codec.ts';
import { deadLetterOf, LETTER_HEADER } from '../schemas/dead-letter.ts';
import { derivedId } from '../schemas/identity.ts';
import { attempt, frame, letter, NOW_MS, observation } from '../schemas/records-under-test.ts';
import type { DeadLetter } from '../schemas/types.ts';
import { type AggregatorRig, startAggregatorRig } from './rig-under-test.ts';

let rig: AggregatorRig;
beforeAll(async () => {
  rig = await startAggregatorRig();
});
afterAll(() => rig.services.stop());

interface Row {
  readonly [column: string]: unknown;
}

async function letterOf(seq: number): Promise<Row | undefined> {
  const rows = await rig.services.rows<Row>('dead_letters');
  return rows.find(({ frame_id }) => frame_id === frame(seq).frame_id);
}

async function captureOf(seq: number): Promise<Row | undefined> {
  const rows = await rig.services.rows<Row>('captures');
  return rows.find(({ frame_id }) => frame_id === frame(seq).frame_id);
}

async function mark(seq: number, state: string): Promise<void> {
  const text = 'update dead_letters set state = $2 where frame_id = $1';
  await rig.services.store.run({ name: 'mark', text }, [frame(seq).frame_id, state]);
}

/** As the processor tells that the frame has failed once more: what failed is the control that had redriven it. */
function failedAgain(seq: number, offset: number): DeadLetter {
  const { frame_id, device_id, epoch, captured_at, time_quality, lane, blob_key } = frame(seq);
  const stored = { size_bytes: null, sha256: null };
  const control = fixedCodec.encode('control', {
    control_id: derivedId('test-redrive', seq, offset),
    device_id,
    issued_at: NOW_MS,
    body: { kind: 'RedriveControl', frame_id, epoch, seq, captured_at, time_quality, lane, blob_key, ...stored },
  });
  return letter(seq, { offset, original_value: control, code: 'picture-missing', message: 'gone', attempts: 1 });
}

test('a letter is open, and opens again when what was redriven fails: its attempts grow, and its origin stays', async () => {
  await rig.append('frames', 'frame', frame(1));
  await rig.append('dead-letters', 'dead-letter', letter(1));
  await rig.drain();
  const first = await letterOf(1);
  expect(first).toMatchObject({ state: 'open', attempts: 3, offset: 1, code: 'bad-picture', succeeded_at: null });
  await mark(1, 'redriven');
  await rig.append('dead-letters', 'dead-letter', failedAgain(1, 9));
  await rig.drain();
  const again = { state: 'open', attempts: 4, code: 'picture-missing', message: 'gone', failed_offset: 9 };
  expect(await letterOf(1)).toEqual({ ...first, ...again });
  expect(await captureOf(1)).toMatchObject({ state: 'dead', error: 'picture-missing: gone', lane: 'live' });
});

test.each([
  ['redriven', 11],
  ['discarded', 12],
])('a letter that comes twice is no second failure of what was %s', async (state, seq) => {
  await rig.append('dead-letters', 'dead-letter', letter(seq));
  await rig.drain();
  await mark(seq, state);
  const before = await letterOf(seq);
  await rig.append('dead-letters', 'dead-letter', letter(seq), letter(seq));
  await rig.drain();
  expect(await letterOf(seq)).toEqual(before);
});

test('a frame whose device was paused when it came again is as it was: nobody looked', async () => {
  await rig.append('frames', 'frame', frame(29));
  await rig.append('dead-letters', 'dead-letter', letter(29));
  await rig.drain();
  await mark(29, 'redriven');
  await rig.append(
    'observations',
    'observation',
    observation(29, { outcome: 'skipped', reason: 'paused', motion: null }),
  );
  await rig.drain();
  expect(await letterOf(29)).toMatchObject({ state: 'redriven', succeeded_at: null });
});

test.each([
  ['redriven', 21, 'redriven'],
  // Whoever redrove it died before they could say so.
  ['open', 22, 'redriven'],
  ['discarded', 23, 'discarded'],
])('a frame that is looked at after all settles a letter that is %s', async (state, seq, settled) => {
  await rig.append('frames', 'frame', frame(seq));
  await rig.append('dead-letters', 'dead-letter', letter(seq), letter(seq + 10));
  await rig.drain();
  await mark(seq, state);
  await rig.append('observations', 'observation', observation(seq, { reason: 'redriven', motion: null }));
  await rig.drain();
  const succeeded_at = settled === 'redriven' ? new Date(NOW_MS) : null;
  expect(await letterOf(seq)).toMatchObject({ state: settled, succeeded_at });
  expect(await letterOf(seq + 10)).toMatchObject({ state: 'open', succeeded_at: null });
  expect(await captureOf(seq)).toMatchObject({ state: 'done', error: null, width: 640, motion: null });
});

test.each<[string, number, (seq: number) => Promise<void>, object]>([
  [
    'is looked at, after an attempt that failed',
    41,
    async (seq) => {
      await rig.append('observations', 'attempt', attempt(seq));
      await rig.append('observations', 'observation', observation(seq));
    },
    { letter: 'redriven', capture: 'done' },
  ],
  [
    'fails again',
    42,
    (seq) => rig.append('dead-letters', 'dead-letter', failedAgain(seq, 99)),
    { letter: 'open', capture: 'dead' },
  ],
])('whoever redrives a frame is waited for, and waits for nobody, while it %s', async (_, seq, told, outcome) => {
  await rig.append('frames', 'frame', frame(seq));
  await rig.append('dead-letters', 'dead-letter', letter(seq));
  await rig.drain();
  await told(seq);
  const { frame_id } = frame(seq);
  const stops: (() => Promise<number>)[] = [];
  await rig.services.store.transaction(async (console) => {
    // Sooner than the aggregator, who would try again: should each wait for the other, it is this one that is told.
    await console.run({ name: 'soon', text: "set local deadlock_timeout = '10ms'" });
    const lock = "update dead_letters set state = 'redriven' where frame_id = $1";
    await console.run({ name: 'redrive', text: lock }, [frame_id]);
    stops.push(rig.start());
    const text = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    const waiting = async () => (await rig.services.store.run({ name: 'waiting', text })).length;
    await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
    await console.run({ name: 'queue', text: "update captures set state = 'queued' where frame_id = $1" }, [frame_id]);
  });
  await rig.caughtUp();
  for (const stop of stops) await stop();
  const [one, capture] = [await letterOf(seq), await captureOf(seq)];
  expect({ letter: one?.state, capture: capture?.state }).toEqual(outcome);
});

test('a record that was sent again and says as little opens the letter it was', async () => {
  await rig.appendBytes('events', 'camera', Buffer.from('nothing'));
  await rig.drain();
  const all = async () => (await rig.services.rows<Row>('dead_letters')).filter(({ topic }) => topic === 'events');
  const [before] = await all();
  expect(before).toMatchObject({ state: 'open', code: 'not-confluent', attempts: 1 });
  const headers = { [LETTER_HEADER]: String(before?.id) };
  await rig.log.append('events', [{ key: 'camera', value: Buffer.from([0, 0, 0, 0, 99]), headers }]);
  await rig.drain();
  expect(await all()).toEqual([
    {
      ...before,
      code: 'unknown-schema',
      message: expect.stringContaining('99'),
      attempts: 2,
      original_value: Buffer.from([0, 0, 0, 0, 99]),
      failed_offset: Number(before?.offset) + 1,
    },
  ]);
});

test('what only looks like a letter’s id names no letter', () => {
  const record = { offset: 5n, key: 'camera', value: null, appendedAtMs: NOW_MS };
  const reason = { topic: 'frames', partition: 0, code: 'no-value', message: 'none' };
  const idOf = (id: string) => deadLetterOf({ ...record, headers: { [LETTER_HEADER]: id } }, reason).dead_letter_id;
  const known = derivedId('some', 'letter');
  expect(idOf(known)).toBe(known);
  for (const id of ['', 'x', `${known}0`, known.toUpperCase()]) {
    expect(idOf(id)).toBe(derivedId('dead-letter', 'frames', 0, 5));
  }
});
