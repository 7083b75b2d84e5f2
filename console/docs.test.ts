import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import type { Browser } from 'playwright-core';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer, type Server } from '../http/server.ts';
import { launchBrowser, noBrowser, openPage } from './browser-under-test.ts';
import { registerDocs } from './routes/docs.ts';

const document = JSON.parse(readFileSync(new URL('../schemas/openapi.json', import.meta.url), 'utf8'));
let app: Server;
let origin: string;

beforeAll(async () => {
  app = createServer({ logger: pino({ level: 'silent' }), metrics: new Registry() });
  await registerDocs(app);
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

test('/docs/json is the document, and needs no password', async () => {
  const answer = await fetch(`${origin}/docs/json`);
  expect([answer.status, await answer.json()]).toEqual([200, document]);
});

test('the page has the policy of every page of ours, and what is not there is a problem', async () => {
  const page = await fetch(`${origin}/docs`);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self';");
  expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
  for (const path of ['/docs/static/none.js', '/docs/static/../../package.json', '/docs/none']) {
    const { status, headers } = await fetch(`${origin}${path}`);
    expect([path, status, headers.get('content-type')]).toEqual([path, 404, 'application/problem+json; charset=utf-8']);
  }
  expect((await fetch(`${origin}/docs`, { method: 'POST' })).status).toBe(405);
});

describe.skipIf(noBrowser)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  test.each(['/docs', '/docs/'])(
    '%s shows every operation, from here alone, and nothing is forbidden to it',
    async (path) => {
      const { page, complaints } = await openPage(browser, 'about:blank');
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(`${origin}${path}`);
      const operations = page.locator('.opblock');
      await operations.first().waitFor();
      const methods = Object.values<object>(document.paths).flatMap((path) => Object.keys(path));
      expect(await operations.count()).toBe(methods.length);
      await page.locator('#operations-frames-postUpload .opblock-summary-control').click();
      await page.getByRole('button', { name: 'Try it out' }).click();
      await page.locator('.opblock-body input[type=file]').waitFor();
      await page.getByRole('button', { name: 'Authorize' }).click();
      await page.getByText('X-Device-Token').waitFor();
      expect(asked.filter((url) => !url.startsWith(origin) && !url.startsWith('data:'))).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );
});
