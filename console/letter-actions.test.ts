import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finishByObservations, writeFrames } from '../aggregator/write-captures.ts';
import { settleDeadLetters, writeDeadLetters } from '../aggregator/write-dead-letters.ts';
import { createManualClock } from '../ports/clock/manual.ts';
import { Outage } from '../ports/errors.ts';
import type { Log } from '../ports/log/log.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import type { Queryable, Store } from '../ports/store/store.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { frame, letter, NOW_MS, observation } from '../schemas/records-under-test.ts';
import { logTopics } from '../schemas/topics.ts';
import type { DeadLetter } from '../schemas/types.ts';
import { createLetterActions, type LetterActions } from './letter-actions.ts';

const clock = createManualClock(NOW_MS);
let services: ServicesUnderTest;
let log: Log;
beforeAll(async () => {
  services = await startServices({
    migrations: new URL('../aggregator/migrations/', import.meta.url),
    topics: logTopics,
  });
  log = await services.openLog(clock);
});
afterAll(() => services.stop());

interface Faults {
  readonly append?: Log['append'];
  readonly store?: Store;
}

/** As a console of its own has them. */
function actions({ append = log.append, store = services.store }: Faults = {}): LetterActions {
  return createLetterActions({ store, log: { append }, codec: fixedCodec, clock });
}

const ann = { id: '00000000-0000-4000-8000-000000000001', username: 'ann' };
const of = { by: ann, scope: { fleetId: null, seesUnowned: true } };
const redrive = { kind: 'redrive', acceptChanged: false, mended: null } as const;
const redriveMany = { kind: 'redrive', acceptChanged: false } as const;
const all = { deviceId: null, code: null, topic: null, from: null, to: null };
const going = () => new AbortController().signal;

const record = { offset: 0n, key: 'camera', value: null, appendedAtMs: 0 };

/** Frames that are dead, and their letters, under a code of their own. */
async function bury(code: string, ...seqs: readonly number[]): Promise<readonly DeadLetter[]> {
  return buryLetters(seqs.map((seq) => letter(seq, { code })));
}

async function buryLetters(letters: readonly DeadLetter[]): Promise<readonly DeadLetter[]> {
  const seqs = letters.map(({ offset }) => offset);
  const reads = seqs.map((seq) => ({ record, value: frame(seq) }));
  await services.store.transaction(async (transaction) => {
    await writeFrames(transaction, reads);
    await writeDeadLetters(transaction, letters, NOW_MS);
  });
  const text = "update captures set state = 'dead', error = 'it was dead' where seq = any($1)";
  await services.store.run({ name: 'bury', text }, [seqs]);
  return letters;
}

async function statesOf(...seqs: readonly number[]) {
  const letters = await services.rows<{ frame_id: string; state: string }>('dead_letters');
  const captures = await services.rows<{ seq: number; state: string }>('captures');
  return seqs.map((seq) => [
    letters.find(({ frame_id }) => frame_id === frame(seq).frame_id)?.state,
    captures.find((capture) => Number(capture.seq) === seq)?.state,
  ]);
}

/** Of the frames that were redriven, their seqs in the order of the log. */
async function redrivenSeqs(seqs: readonly number[]): Promise<readonly number[]> {
  const text = `select value from log.records where topic = 'frames' order by partition, "offset"`;
  const rows = await services.store.run<{ value: Buffer }>({ name: 'redriven', text });
  return rows.flatMap(({ value }) => {
    const { value: control } = fixedCodec.decode(value);
    const isRedrive = 'body' in control && control.body.kind === 'RedriveControl' && seqs.includes(control.body.seq);
    return isRedrive && control.body.kind === 'RedriveControl' ? [control.body.seq] : [];
  });
}

async function auditOf(subject: string) {
  const rows = await services.rows<{ subject: string; action: string; details: object }>('audit_log');
  return rows.filter((row) => row.subject === subject);
}

/** Dies in the middle of a transaction, at the first statement of this name; or when it would commit. */
function diesAt(name: string | 'commit'): Store {
  return {
    ...services.store,
    transaction: (work) =>
      services.store.transaction(async (transaction) => {
        const run = (async (statement, values) => {
          if (statement.name.startsWith(name)) throw new Outage('the store', 'killed');
          return transaction.run(statement, values);
        }) as Queryable['run'];
        const result = await work({ run });
        if (name === 'commit') throw new Outage('the store', 'killed');
        return result;
      }),
  };
}

const killed = async () => {
  throw new Outage('the log', 'killed');
};
const appendedAndKilled: Log['append'] = async (topic, records) => {
  await log.append(topic, records);
  throw new Outage('the log', 'killed');
};

describe.each<{ at: string; seq: number; faults: () => Faults; copies: number }>([
  { at: 'before anything was marked', seq: 101, faults: () => ({ store: diesAt('mark-dead-letter') }), copies: 0 },
  { at: 'before the change was noted', seq: 102, faults: () => ({ store: diesAt('insert-audit') }), copies: 0 },
  { at: 'before the append', seq: 103, faults: () => ({ append: killed }), copies: 0 },
  { at: 'before the append was answered', seq: 104, faults: () => ({ append: appendedAndKilled }), copies: 1 },
  { at: 'before the commit', seq: 105, faults: () => ({ store: diesAt('commit') }), copies: 1 },
])('killed $at', ({ seq, faults, copies }) => {
  test('a letter says nothing that did not happen, and can be redriven again', async () => {
    const [buried] = await bury(`killed-${seq}`, seq);
    const id = buried?.dead_letter_id ?? '';
    await expect(actions(faults()).change(id, redrive, of)).rejects.toThrow('killed');
    expect(await statesOf(seq)).toEqual([['open', 'dead']]);
    expect(await auditOf(id)).toEqual([]);
    expect(await redrivenSeqs([seq])).toHaveLength(copies);
    await actions().change(id, redrive, of);
    expect(await statesOf(seq)).toEqual([['redriven', 'queued']]);
    expect(await auditOf(id)).toMatchObject([{ action: 'dead-letter-redrive', device_id: 'camera', username: 'ann' }]);
    expect(await redrivenSeqs([seq])).toHaveLength(copies + 1);
  });

  test('or is settled by what was appended', async () => {
    const [buried] = await bury(`settled-${seq}`, seq + 50);
    await expect(actions(faults()).change(buried?.dead_letter_id ?? '', redrive, of)).rejects.toThrow('killed');
    const appended = await redrivenSeqs([seq + 50]);
    const observations = appended.map((seq) => ({ frame_id: frame(seq).frame_id, reason: null }));
    await settleDeadLetters(services.store, observations, NOW_MS);
    expect((await statesOf(seq + 50))[0]?.[0]).toBe(copies > 0 ? 'redriven' : 'open');
  });
});

test('of two who redrive one letter at once, one does, and the other is told', async () => {
  const [buried] = await bury('twice', 200);
  const others = [1, 2, 3].map(() => actions({ store: services.openStore('console') }));
  const outcomes = await Promise.allSettled(others.map((one) => one.change(buried?.dead_letter_id ?? '', redrive, of)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'dead-letter-not-open' });
  }
  expect(await redrivenSeqs([200])).toEqual([200]);
});

test('what has been looked at is not queued anew, though it is redriven once more', async () => {
  const [buried] = await bury('again', 210);
  const id = buried?.dead_letter_id ?? '';
  await actions().change(id, redrive, of);
  await finishByObservations(services.store, [{ record, value: observation(210) }]);
  await actions().change(id, { ...redrive, again: true }, of);
  expect(await redrivenSeqs([210])).toEqual([210, 210]);
  expect(await statesOf(210)).toEqual([['redriven', 'done']]);
  await expect(actions().change(id, redrive, of)).rejects.toMatchObject({ detail: expect.stringContaining('`again`') });

  await settleDeadLetters(services.store, [{ frame_id: frame(210).frame_id, reason: null }], NOW_MS);
  const refused = { code: 'dead-letter-not-open', detail: expect.stringContaining('has succeeded') };
  await expect(actions().change(id, { ...redrive, again: true }, of)).rejects.toMatchObject(refused);
  expect(await redrivenSeqs([210])).toEqual([210, 210]);
});

test('a log that hangs is waited for in one transaction, however much there is to do', async () => {
  const letters = await bury('hanging', 220, 221, 222);
  await bury('swept', 223);
  const { id: swept } = await actions().start({ ...all, code: 'swept' }, redriveMany, of);
  const counted = { underWay: 0, most: 0, looked: false };
  const store: Store = {
    ...services.store,
    run: async (statement, values) => {
      const rows = await services.store.run(statement, values);
      counted.looked = true;
      return rows as never;
    },
    transaction: async (work) => {
      counted.underWay += 1;
      counted.most = Math.max(counted.most, counted.underWay);
      try {
        return await services.store.transaction(work);
      } finally {
        counted.underWay -= 1;
      }
    },
  };
  let answer = () => {};
  const answered = new Promise<void>((settle) => {
    answer = settle;
  });
  let asked = false;
  const append: Log['append'] = async (topic, records) => {
    asked = true;
    await answered;
    await log.append(topic, records);
  };
  const hanging = actions({ append, store });
  const changes = letters.map(({ dead_letter_id }) => hanging.change(dead_letter_id, redrive, of));
  const sweep = hanging.sweep(going());
  await expect.poll(() => asked && counted.looked, { timeout: 10_000 }).toBe(true);
  answer();
  await Promise.all([...changes, sweep]);
  expect(counted).toMatchObject({ underWay: 0, most: 1 });
  expect(await redrivenSeqs([220, 221, 222])).toHaveLength(3);
  expect(await actions().find(swept, of.scope)).toMatchObject({ done: 1, finished_at: expect.any(Date) });
});

describe('many letters', () => {
  const seqsFrom = (first: number) => Array.from({ length: 12 }, (_, at) => first + at);

  test('are redriven once each, the oldest first, though two consoles are about it', async () => {
    const seqs = seqsFrom(300);
    await bury('many', ...seqs.toReversed());
    await bury('others', 399);
    const slow: Log['append'] = async (topic, records) => {
      await new Promise((settle) => setTimeout(settle, 2));
      await log.append(topic, records);
    };
    const two = [1, 2].map(() => actions({ append: slow, store: services.openStore('console') }));
    const { id, total } = await actions().start({ ...all, code: 'many' }, redriveMany, of);
    expect(total).toBe(12);
    const found = () => actions().find(id, of.scope);
    expect(await found()).toMatchObject({ kind: 'redrive', total: 12, done: 0, finished_at: null, username: 'ann' });
    await Promise.all(two.map((one) => one.sweep(going())));
    await actions().sweep(going());
    expect(await redrivenSeqs(seqs)).toEqual(seqs);
    expect(await found()).toMatchObject({ done: 12, passed_over: 0, failed: 0, finished_at: new Date(NOW_MS) });
    expect(await statesOf(...seqs, 399)).toEqual([...seqs.map(() => ['redriven', 'queued']), ['open', 'dead']]);
    expect(await auditOf(id)).toMatchObject([
      { action: 'dead-letters-redrive', details: { code: 'many', accept_changed: false, total: 12 } },
    ]);
    const each = (await services.rows<{ details: { action_id?: string } }>('audit_log')).filter(
      ({ details }) => details.action_id === id,
    );
    expect(each).toHaveLength(12);
    expect(await services.rows('dead_letter_action_letters')).toEqual([]);
  });

  test('are redriven by when their records came, whatever their offsets', async () => {
    const seqs = [351, 353, 352];
    // As in two partitions, or where a topic was made anew.
    await buryLetters(seqs.map((seq, at) => letter(seq, { code: 'disorder', recorded_at: NOW_MS - at * 1_000 })));
    await actions().start({ ...all, code: 'disorder' }, redriveMany, of);
    await actions().sweep(going());
    expect(await redrivenSeqs(seqs)).toEqual([352, 353, 351]);
  });

  test('are gone on with by the next console, where one was stopped or killed', async () => {
    const seqs = seqsFrom(400);
    await bury('stopped', ...seqs);
    const { id } = await actions().start({ ...all, code: 'stopped' }, redriveMany, of);
    let left = 5;
    const dying: Log['append'] = async (topic, records) => {
      left -= 1;
      if (left < 0) throw new Outage('the log', 'killed');
      await log.append(topic, records);
    };
    await expect(actions({ append: dying }).sweep(going())).rejects.toThrow('killed');
    expect(await actions().find(id, of.scope)).toMatchObject({ done: 5, failed: 0, finished_at: null });
    const stop = new AbortController();
    const stopping: Log['append'] = async (topic, records) => {
      await log.append(topic, records);
      stop.abort();
    };
    await actions({ append: stopping }).sweep(stop.signal);
    expect(await actions().find(id, of.scope)).toMatchObject({ done: 6, finished_at: null });
    await actions().sweep(going());
    expect(await actions().find(id, of.scope)).toMatchObject({ done: 12, failed: 0, finished_at: expect.any(Date) });
    expect(await redrivenSeqs(seqs)).toEqual(seqs);
  });

  test('are each counted as what became of them; one that cannot be sent holds up no other', async () => {
    const letters = await bury('mixed', 500, 501, 502);
    const { id } = await actions().start({ ...all, code: 'mixed' }, redriveMany, of);
    await actions().change(letters[0]?.dead_letter_id ?? '', { kind: 'discard', reason: 'ours' }, of);
    await actions().change(letters[0]?.dead_letter_id ?? '', redrive, of);
    const append: Log['append'] = async (topic, records) => {
      const decoded = fixedCodec.decode(records[0]?.value ?? Buffer.alloc(0)).value;
      if ('body' in decoded && decoded.body.kind === 'RedriveControl' && decoded.body.seq === 501) {
        throw new Error('too large');
      }
      await log.append(topic, records);
    };
    await actions({ append }).sweep(going());
    expect(await actions().find(id, of.scope)).toMatchObject({
      done: 1,
      passed_over: 1,
      failed: 1,
      error: 'too large',
    });
    expect(await statesOf(500, 501, 502)).toEqual([
      ['redriven', 'queued'],
      ['open', 'dead'],
      ['redriven', 'queued'],
    ]);
  });

  test('are given up with a reason, and what is dead stays so', async () => {
    const letters = await bury('hopeless', 600, 601);
    await actions().start({ ...all, code: 'hopeless' }, { kind: 'discard', reason: 'the camera fell' }, of);
    await actions().sweep(going());
    expect(await statesOf(600, 601)).toEqual([
      ['discarded', 'dead'],
      ['discarded', 'dead'],
    ]);
    expect(await auditOf(letters[0]?.dead_letter_id ?? '')).toMatchObject([
      { action: 'dead-letter-discard', details: { reason: 'the camera fell', code: 'hopeless' } },
    ]);
  });

  test('leave alone what was given up meanwhile', async () => {
    const [, givenUp] = await bury('meanwhile', 901, 902);
    const { id } = await actions().start({ ...all, code: 'meanwhile' }, redriveMany, of);
    await actions().change(givenUp?.dead_letter_id ?? '', { kind: 'discard', reason: 'not to be looked at' }, of);
    await actions().sweep(going());
    expect(await actions().find(id, of.scope)).toMatchObject({ total: 2, done: 1, passed_over: 1, failed: 0 });
    expect(await statesOf(901, 902)).toEqual([
      ['redriven', 'queued'],
      ['discarded', 'dead'],
    ]);
  });

  test('of a device that is not theirs are none, and nothing is written into its history', async () => {
    const { id, total } = await actions().start({ ...all, deviceId: 'somebody-elses' }, redriveMany, of);
    expect(total).toBe(0);
    expect(await auditOf(id)).toMatchObject([{ action: 'dead-letters-redrive', device_id: null }]);
  });

  test('that are none are done with at once', async () => {
    const { id, total } = await actions().start({ ...all, code: 'none' }, redriveMany, of);
    await actions().sweep(going());
    expect(total).toBe(0);
    expect(await actions().find(id, of.scope)).toMatchObject({ done: 0, finished_at: expect.any(Date) });
  });
});
