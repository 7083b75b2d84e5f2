import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { registerHealth } from './health.ts';
import { createServer } from './server.ts';

function createApp(health: Omit<Parameters<typeof registerHealth>[1], 'metrics'>) {
  const metrics = new Registry();
  const app = createServer({ logger: pino({ level: 'silent' }), metrics });
  registerHealth(app, { ...health, metrics });
  return app;
}

test('readiness names what fails; life goes on', async () => {
  const app = createApp({
    ready: {
      store: async () => {},
      log: () => Promise.reject(new Error(`broker away\n${'x'.repeat(1_000)}`)),
      blobs: () => {
        throw new Error('y'.repeat(1_000));
      },
    },
  });
  const ready = await app.inject('/readyz');
  expect(ready.statusCode).toBe(503);
  expect(ready.json()).toMatchObject({
    status: 'failing',
    checks: [
      { name: 'store', ok: true },
      { name: 'log', ok: false, error: 'broker away' },
      { name: 'blobs', ok: false, error: 'y'.repeat(200) },
    ],
  });
  const live = await app.inject('/livez');
  expect([live.statusCode, live.json()]).toEqual([200, { status: 'ok' }]);
});

test('a check that hangs has failed, and is not started again until it comes back', async () => {
  let started = 0;
  let release = () => {};
  const hang = () => {
    started++;
    return started > 1
      ? Promise.resolve()
      : new Promise<void>((resolve) => {
          release = resolve;
        });
  };
  const app = createApp({ ready: { store: hang }, checkMaxMs: 1_000 });
  const answers = await Promise.all([app.inject('/readyz'), app.inject('/readyz')]);
  for (const answer of answers) {
    expect(answer.json().checks).toMatchObject([{ name: 'store', ok: false, error: 'no answer within 1000 ms' }]);
  }
  const startedMs = performance.now();
  expect((await app.inject('/readyz')).statusCode).toBe(503);
  expect(performance.now() - startedMs).toBeLessThan(900);
  expect(started).toBe(1);
  release();
  await new Promise(setImmediate);
  expect((await app.inject('/readyz')).statusCode).toBe(200);
  expect(started).toBe(2);
});

test('metrics tell of each server whether it answers, as of when they are asked', async () => {
  let up = true;
  const app = createApp({
    ready: { database: () => (up ? Promise.resolve() : Promise.reject(new Error('away'))), log: async () => {} },
  });
  const told = async () => (await app.inject('/metrics')).body.match(/^passerby_reached.*$/gm);
  expect(await told()).toEqual(['passerby_reached{server="database"} 1', 'passerby_reached{server="log"} 1']);
  up = false;
  expect(await told()).toEqual(['passerby_reached{server="database"} 0', 'passerby_reached{server="log"} 1']);
});
