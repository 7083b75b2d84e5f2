import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createServer } from './server.ts';

const logger = pino({ level: 'silent' });

test('requests are counted by route, and unknown paths under one label', async () => {
  const app = createServer({ logger, metrics: new Registry() });
  app.get('/things/:id', () => 'thing');
  for (const url of ['/things/1', '/things/2', '/wp-admin', '/.env']) await app.inject(url);
  const { body, headers } = await app.inject('/metrics');
  expect(headers['content-type']).toMatch(/^text\/plain/);
  const count = 'passerby_http_request_duration_seconds_count';
  expect(body).toContain(`${count}{route="/things/:id",method="GET",status="200"} 2`);
  expect(body).toContain(`${count}{route="unknown",method="GET",status="404"} 2`);
  // The one that asks.
  expect(body).toMatch(/^passerby_http_requests_in_flight 1$/m);
});

test('how long a request took is told in seconds', async () => {
  const app = createServer({ logger, metrics: new Registry() });
  app.get('/slow', async () => {
    await sleep(100);
    return 'slow';
  });
  await app.inject('/slow');
  const { body } = await app.inject('/metrics');
  const [, tookS] = /^passerby_http_request_duration_seconds_sum\{route="\/slow",.*\} (.+)$/m.exec(body) ?? [];
  expect(Number(tookS)).toBeGreaterThan(0.05);
  expect(Number(tookS)).toBeLessThan(50);
});

test('servers in one process share a registry', async () => {
  const metrics = new Registry();
  const [one, other] = [createServer({ logger, metrics }), createServer({ logger, metrics })];
  one.get('/one', () => 1);
  await one.inject('/one');
  expect((await other.inject('/metrics')).body).toContain('route="/one"');
});
