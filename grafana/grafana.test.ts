import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { read } from '../dev/compose/compose-file-under-test.ts';
import { needs } from '../ports/servers-under-test.ts';
import type { Given } from './expand-query.ts';
import { misfits } from './fields-under-test.ts';
import { openGrafana } from './grafana-under-test.ts';
import { all } from './known-data-under-test.ts';
import { type Dashboard, readDashboards, type Target, type Use } from './questions.ts';

const address = process.env.GRAFANA_URL;
if (!address) {
  console.warn(
    'SKIPPED: dashboards in a real Grafana: set GRAFANA_URL=http://admin:PASSWORD@HOST:PORT of one with our provisioning.',
  );
}

const provisioning = (kind: string) => parse(read(`grafana/provisioning/${kind}/${kind}.yml`));
const { datasources } = provisioning('datasources') as { datasources: readonly { readonly uid: string }[] };
const { providers } = provisioning('dashboards') as { providers: readonly { readonly folder: string }[] };

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

  test.each([...readDashboards()])('has been given %s, in its folder and as it is committed', async (_, dashboard) => {
    const had = await grafana.find(dashboard.uid);
    expect(had.dashboard).toMatchObject(dashboard);
    expect(had.meta).toMatchObject({ provisioned: true, folderTitle: providers[0]?.folder });
  });

  test('begins with people', async () => {
    expect((await grafana.home()).dashboard.title).toBe(readDashboards().get('people')?.title);
  });

  test.each(datasources.map(({ uid }) => uid))('reaches %s', async (uid) => {
    await expect(grafana.check(uid)).resolves.toBe('OK');
  });

  test.each([...readDashboards()])(
    'loads %s, and can show what each of its panels is answered',
    async (_, dashboard) => {
      const saved = await grafana.save(copyOf(dashboard));
      try {
        expect(saved).toMatchObject(copyOf(dashboard));
        for (const given of await choices(saved)) {
          for (const panel of saved.panels) await expectShown(panel.title, panel.targets, panel, given);
          for (const { name, target } of saved.annotations.list) {
            await expectShown(name, target && [target], 'annotation', given);
          }
        }
      } finally {
        await grafana.remove(saved.uid);
      }
    },
  );

  async function expectShown(name: string, targets: readonly Target[] = [], use: Use, given: Given): Promise<void> {
    if (targets.length === 0) return;
    const answers = await grafana.ask(targets, given).catch((error: Error) => expect.fail(`${name}: ${error.message}`));
    for (const { schema } of [...answers.values()].flat()) expect(misfits(schema.fields, use), name).toEqual([]);
  }

  /** All that there is, and the first of each: of a variable is chosen among what is found for those before it. */
  async function choices(dashboard: Dashboard): Promise<readonly Given[]> {
    return [await choose(dashboard), await choose(dashboard, 1)];
  }

  async function choose({ templating }: Dashboard, atMost?: number): Promise<Given> {
    let given = during;
    for (const { name, query, datasource } of templating.list) {
      const asked = { refId: 'A', rawSql: query, format: 'table', datasource };
      const [frame] = (await grafana.ask([asked], given)).get('A') ?? [];
      const fields = frame?.schema.fields ?? [];
      expect(misfits(fields, 'variable'), name).toEqual([]);
      const at = fields.findIndex((field) => field.name === '__value');
      const values = frame?.data.values[Math.max(0, at)] ?? [];
      given = { ...given, chosen: { ...given.chosen, [name]: values.slice(0, atMost).map(String) } };
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
            rawSql: `select $__timeFrom() from array['till','shelf','desk']`,
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
    [warned('warning'), 'rows are left out'],
    [warned('error'), 'rows are left out'],
  ])('and %j is an error', async (said, error) => {
    answer = said;
    await expect(openGrafana(url).ask([{ refId: 'A', expr: 'up' }], all)).rejects.toThrow(error);
  });

  test('and what it merely mentions is none', async () => {
    answer = warned('info');
    await expect(openGrafana(url).ask([{ refId: 'A', expr: 'up' }], all)).resolves.toBeTruthy();
  });

  test.each([
    ['find', 'GET /grafana/api/dashboards/uid/people', { dashboard: {} }],
    ['check', 'GET /grafana/api/datasources/uid/people/health', { status: 'OK' }],
    ['home', 'GET /grafana/api/dashboards/home', { dashboard: {} }],
  ] as const)('%s: %s', async (method, asked, said) => {
    answer = said;
    const told = await openGrafana(url)[method]('people');
    expect(told).toEqual(method === 'check' ? 'OK' : said);
    expect(heard.pop()?.asked).toBe(asked);
  });
});

function warned(severity: string): object {
  const notices = [{ severity, text: 'rows are left out' }];
  return { results: { A: { frames: [{ schema: { fields: [], meta: { notices } }, data: { values: [] } }] } } };
}
