import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Outage } from '../../ports/errors.ts';
import { type ServicesUnderTest, startServices } from '../../ports/store/services-under-test.ts';
import { holdAlone } from './hold-alone.ts';

let services: ServicesUnderTest;
beforeAll(async () => {
  services = await startServices({ migrations: new URL('../migrations/', import.meta.url) });
});
afterAll(() => services.stop());

const lock = 'check';
const going = () => new AbortController().signal;

/** As when the server ends their connection. */
async function cutOff(): Promise<void> {
  const text = `select pg_terminate_backend(pid) from pg_locks
    where relation = format('locks.%I', $1::text)::regclass and granted
      and database = (select oid from pg_database where datname = current_database())`;
  expect(await services.openStore('another').run({ name: 'cut-off', text }, [lock])).toHaveLength(1);
}

test('who loses the lock is told so while they are at work, and it ends as a failure', async () => {
  let wasTold = false;
  const holding = holdAlone(services.store, { lock, signal: going(), beatMs: 20 }, async (alone) => {
    const told = once(alone, 'abort');
    await cutOff();
    await told;
    wasTold = true;
  });
  await expect(holding).rejects.toThrow(Outage);
  expect(wasTold).toBe(true);
});

test('who is to stop is told so, and it ends as what they did', async () => {
  const stopping = new AbortController();
  await holdAlone(services.store, { lock, signal: stopping.signal }, async (alone) => {
    const told = once(alone, 'abort');
    stopping.abort();
    await told;
  });
});

test('while one has the lock another does nothing, and afterwards it does', async () => {
  const done: string[] = [];
  const hold = (name: string, work: () => Promise<void>) =>
    holdAlone(services.store, { lock, signal: going() }, async () => {
      done.push(name);
      await work();
    });
  await hold('first', () => hold('second', async () => undefined));
  await hold('third', async () => undefined);
  expect(done).toEqual(['first', 'third']);
});
