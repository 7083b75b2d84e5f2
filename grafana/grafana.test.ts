import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../ports/servers-under-test.ts';
import type { Given } from './expand-query.ts';
import { openGrafana } from './grafana-under-test.ts';
import { all } from './known-data-under-test.ts';
import { type Dashboard, readDashboards } from './questions.ts';

const address = process.env.GRAFANA_URL;
if (!address) {
  console.warn(
    'SKIPPED: dashboards in a real Grafana: set GRAFANA_URL=http://admin:PASSWORD@HOST:PORT of one with our data sources.',
  );
}

/** Beside the ones that are provisioned, which nobody may change. */
const copyOf = (dashboard: Dashboard): Dashboard => ({
  ...dashboard,
  uid: `${dashboard.uid}-test`,
  title: `${dashboard.title} (test)`,
});

describe.skipIf(!address)(`a real Grafana ${needs('grafana')}`, () => {
  const grafana = openGrafana(address ?? 'http://nowhere');
  const toMs = Date.now();
  const during: Given = { fromMs: toMs - 86_400_000, toMs, intervalMs: 3_600_000, chosen: {} };

  test.each([...readDashboards()])('loads %s, and answers each of its panels', async (_, dashboard) => {
    const saved = await grafana.save(copyOf(dashboard));
    try {
      expect(saved.panels.map(({ title }) => title)).toEqual(dashboard.panels.map(({ title }) => title));
      const given = await choose(saved);
      for (const { title, targets = [] } of saved.panels) {
        if (targets.length > 0) await expect(grafana.ask(targets, given), title).resolves.toBeTruthy();
      }
      for (const { name, target } of saved.annotations.list) {
        if (target) await expect(grafana.ask([target], given), name).resolves.toBeTruthy();
      }
    } finally {
      await grafana.remove(saved.uid);
    }
  });

  /** Each variable with all that was found for those before it. */
  async function choose({ templating }: Dashboard): Promise<Given> {
    let given = during;
    for (const { name, query, datasource } of templating.list) {
      const asked = { refId: 'A', rawSql: query, format: 'table', datasource };
      const [frame] = (await grafana.ask([asked], given)).get('A') ?? [];
      const names = frame?.schema.fields.map((field) => field.name) ?? [];
      const values = frame?.data.values[Math.max(0, names.indexOf('__value'))] ?? [];
      given = { ...given, chosen: { ...given.chosen, [name]: values.map(String) } };
    }
    return given;
  }
});

describe('what the test says to a Grafana', () => {
  const heard: { readonly asked: string; readonly as: string | undefined; readonly body: unknown }[] = [];
  let server: Server;
  let url: string;
  let answer: object = {};
  beforeAll(async () => {
    const listen = async (request: IncomingMessage) => {
      const body = request.method === 'POST' ? await json(request) : null;
      heard.push({ asked: `${request.method} ${request.url}`, as: request.headers.authorization, body });
    };
    server = createServer((request, reply) => {
      void listen(request).then(() => reply.end(JSON.stringify(answer)));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://admin:p%40ss@127.0.0.1:${(server.address() as AddressInfo).port}/grafana`;
  });
  afterAll(() => server.close());

  test('is who asks, from when to when, and what the browser puts in', async () => {
    answer = { results: { A: { frames: [] } } };
    await openGrafana(url).ask([{ refId: 'A', rawSql: 'select $__timeFrom() from array[$zone]' }], all);
    expect(heard.pop()).toEqual({
      asked: 'POST /grafana/api/ds/query',
      as: `Basic ${Buffer.from('admin:p@ss').toString('base64')}`,
      body: {
        from: String(all.fromMs),
        to: String(all.toMs),
        queries: [
          {
            refId: 'A',
            rawSql: `select $__timeFrom() from array['till','shelf']`,
            intervalMs: 3_600_000,
            maxDataPoints: 500,
          },
        ],
      },
    });
  });

  test.each([
    [{ results: { A: { error: 'no such table', frames: [] } } }, 'no such table'],
    [{ results: {} }, 'no answer'],
  ])('and %j is an error', async (said, error) => {
    answer = said;
    await expect(openGrafana(url).ask([{ refId: 'A', expr: 'up' }], all)).rejects.toThrow(error);
  });
});
