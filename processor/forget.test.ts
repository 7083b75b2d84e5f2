import { describe, expect, test } from 'vitest';
import { fixedCodec } from '../schemas/codec.ts';
import { derivedId } from '../schemas/identity.ts';
import { events, observations, runFrom, show, times, withPerson } from './device-runs-under-test.ts';
import { newScene } from './device-step.ts';
import { createSteps, type Erase, newDevice } from './device-under-test.ts';
import type { Erased } from './forget.ts';
import { firstAtMs, frameOf, smallGrid } from './frames-under-test.ts';
import { createWorld, readTopic, runLanes, toldIn } from './lane-under-test.ts';
import { newLine } from './line-up.ts';
import { packState } from './state.ts';
import { show as showTo, visit } from './visit-under-test.ts';

const all: Erased = { personId: null, fromMs: null, toMs: null };
const erase = (change: Partial<Erased>): Erase => ({ erased: { ...all, ...change } });
const span = (fromMs: number, toMs: number) => erase({ fromMs: firstAtMs + fromMs, toMs: firstAtMs + toMs });

/** Somebody is there from 0 to 1,000 ms, and then as long as is said. */
const seen = (fromMs: number, toMs: number) =>
  times({ fromMs, toMs, stepMs: 200 }).map((atMs) => withPerson(atMs / 200, atMs));

function visitOf(outputs: Parameters<typeof events>[0]) {
  return events(outputs).flatMap(({ type, version, payload }) =>
    type === 'visit' && payload.kind === 'Visit' ? [{ person: payload.person_id, state: payload.state, version }] : [],
  );
}

const step = createSteps(smallGrid);
const before = runFrom(newDevice, seen(0, 1_000), undefined, step);
const [{ person = '' } = {}] = visitOf(before.outputs);
const after = (erased: Erase) => runFrom(before.state, [erased], undefined, step);

test('there is somebody to be forgotten', () => {
  expect(visitOf(before.outputs)).toEqual([{ person: expect.any(String), state: 'opened', version: 1 }]);
  expect(holds(before.state, person)).toBe(true);
});

/** Ids are sixteen bytes in it. */
function holds(state: Parameters<typeof packState>[0], id: string): boolean {
  return packState(state).includes(Buffer.from(id.replaceAll('-', ''), 'hex'));
}

describe('a person', () => {
  test('is forgotten without a word, and is somebody new from the next frame on', () => {
    const forgotten = after(erase({ personId: person }));
    expect(forgotten.outputs).toEqual([]);
    expect(holds(forgotten.state, person)).toBe(false);
    const { outputs } = runFrom(forgotten.state, seen(1_200, 2_000), undefined, step);
    const [visit, ...more] = visitOf(outputs);
    expect(visit).toMatchObject({ state: 'opened', version: 1 });
    expect(visit?.person).not.toBe(person);
    expect(more).toEqual([]);
    // The background they may have been part of is learnt anew.
    expect(observations(outputs)[0]).toMatchObject({ reason: 'first-frame' });
  });

  test('is no other one', () => {
    const { state } = after(erase({ personId: derivedId('person', 'another') }));
    expect(holds(state, person)).toBe(true);
    expect(visitOf(runFrom(state, [{ tickAtMs: firstAtMs + 60_000 }], undefined, step).outputs)).toEqual([
      { person, state: 'closed', version: 2 },
    ]);
  });
});

describe('a span', () => {
  test.each([
    ['that has them', span(600, 800), false],
    ['that begins with their last sight', span(1_000, 9_000), false],
    ['that ends with their first sight', span(-5_000, 0), true],
    ['that begins after their last sight', span(1_001, 9_000), true],
    ['without a beginning', erase({ toMs: firstAtMs + 1 }), false],
  ])('%s', (_, erased, isKept) => {
    const { state, outputs } = after(erased);
    expect(outputs).toEqual([]);
    expect(holds(state, person)).toBe(isKept);
    // Who is not forgotten comes to the end of their visit.
    const { outputs: told } = runFrom(state, [{ tickAtMs: firstAtMs + 60_000 }], undefined, step);
    expect(visitOf(told)).toEqual(isKept ? [{ person, state: 'closed', version: 2 }] : []);
  });

  test('takes the background and the motion with it, and frames that wait', () => {
    const moving = [show(0, 0, 0), show(1, 200, 1), show(2, 400, 2)];
    const { state } = runFrom(newDevice, moving, undefined, step);
    expect(state.scene.episode).not.toBeNull();
    const waiting = runFrom(state, [show(4, 800, 3)], undefined, step);
    expect(waiting.state.line.waiting.held).toHaveLength(1);
    const { scene, line } = runFrom(waiting.state, [span(300, 900)], undefined, step).state;
    expect([scene.episode, scene.background, line.waiting.held]).toEqual([null, null, []]);
    const kept = runFrom(waiting.state, [span(900, 1_000)], undefined, step).state;
    expect(kept.scene.episode).not.toBeNull();
    expect(kept.line.waiting.held).toHaveLength(1);
  });
});

test('of a whole device nothing is left', () => {
  const { state, outputs } = after(erase({}));
  expect(outputs).toEqual([]);
  expect(state).toEqual({ line: newLine, scene: newScene });
});

test('a frame whose picture was erased is passed over, and moves no time', () => {
  const erased = { frame: frameOf({ seq: 6, atMs: 1_200 }), look: { code: 'erased', message: 'it was erased' } };
  const { state, outputs } = runFrom(before.state, [erased], undefined, step) as ReturnType<typeof runFrom>;
  expect(observations(outputs)).toMatchObject([{ outcome: 'skipped', reason: 'erased' }]);
  expect(outputs).toHaveLength(1);
  expect(state.scene).toEqual(before.state.scene);
});

describe('a lane', () => {
  const control = (body: { person_id: string | null; from: number | null; to: number | null }) => ({
    key: 'camera-1',
    value: fixedCodec.encode('control', {
      control_id: derivedId('erase', 'test'),
      device_id: 'camera-1',
      issued_at: firstAtMs,
      body: { kind: 'EraseControl', erasure_id: derivedId('erasure', 'test'), ...body },
    }),
  });
  const everything = control({ person_id: null, from: null, to: null });

  test('keeps nothing of a device that was erased, over a restart too', async () => {
    for (const batchRecordsMax of [100, 3, 1]) {
      const world = createWorld({ partitionCount: 1 });
      await showTo(world, visit.slice(0, 3));
      await world.log.append('frames', [everything]);
      await runLanes(world.log, [world.lane({ batchRecordsMax })]);
      expect(await statesIn(world.log)).toEqual([]);
      expect((await readTopic(world.log, 'observations')).length).toBe(3);
      // As if it had never been: not even seqs are known.
      await showTo(world, visit.slice(0, 3));
      await runLanes(world.log, [world.lane({ batchRecordsMax })]);
      expect(await statesIn(world.log)).toHaveLength(1);
      expect((await readTopic(world.log, 'observations')).length).toBe(6);
      expect(await readTopic(world.log, 'dead-letters')).toEqual([]);
    }
  });

  test('tells the same wherever batches end, with a span that is erased', async () => {
    const told = [];
    for (const batchRecordsMax of [100, 3, 1]) {
      const world = createWorld({ partitionCount: 1 });
      await showTo(world, visit.slice(0, 4));
      await world.log.append('frames', [control({ person_id: null, from: firstAtMs, to: firstAtMs + 500 })]);
      await showTo(world, visit.slice(4), { fromSeq: 4 });
      await runLanes(world.log, [world.lane({ batchRecordsMax })]);
      told.push(await toldIn(world.log));
    }
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
  });

  async function statesIn(log: ReturnType<typeof createWorld>['log']): Promise<readonly (Buffer | null)[]> {
    const states: (Buffer | null)[] = [];
    const stop = new AbortController();
    const opened = async (_: unknown, changelog: AsyncIterable<{ readonly value: Buffer | null }>) => {
      for await (const { value } of changelog) states.push(value);
      stop.abort();
      return { state: null };
    };
    const reader = { topic: 'frames', group: 'states', changelog: 'tracker-state', batchRecordsMax: 1 };
    await log.consume({ ...reader, open: opened, step: async () => ({ state: null, outputs: [] }) }, stop.signal);
    return states;
  }
});
