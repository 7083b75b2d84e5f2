import { expandPromql, expandVariables, type Given, quoted } from './expand-query.ts';
import type { Field } from './fields-under-test.ts';
import type { Dashboard, Target } from './questions.ts';

/** A Grafana that is there, and who we are to it: http://admin:PASSWORD@127.0.0.1:3000/grafana */
export interface GrafanaUnderTest {
  /** Saves it beside those that are provisioned, and answers what was saved. */
  save(dashboard: Dashboard): Promise<Dashboard>;
  remove(uid: string): Promise<void>;
  /** A dashboard that it has, and what it says about it: by its uid, or the one that it begins with. */
  find(uid: string): Promise<Found>;
  home(): Promise<Found>;
  /** Whether it can reach and use a data source; if not, that is an error. */
  check(datasourceUid: string): Promise<string>;
  /** What the data sources answer to one panel: for each query its columns. An error or a warning of any is an error. */
  ask(targets: readonly Target[], given: Given): Promise<ReadonlyMap<string, readonly Frame[]>>;
}
interface Found {
  readonly dashboard: Dashboard;
  readonly meta: Readonly<Record<string, unknown>>;
}
interface Frame {
  readonly schema: {
    readonly fields: readonly Field[];
    readonly meta?: { readonly notices?: readonly { readonly severity: string; readonly text: string }[] };
  };
  readonly data: { readonly values: readonly (readonly unknown[])[] };
}
interface Answers {
  readonly results: Readonly<Record<string, { readonly error?: string; readonly frames?: readonly Frame[] }>>;
}

export function openGrafana(address: string): GrafanaUnderTest {
  const url = new URL(address.replace(/\/?$/, '/'));
  const credentials = [url.username, url.password].map(decodeURIComponent).join(':');
  const headers = {
    authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
    'content-type': 'application/json',
  };
  url.username = '';
  url.password = '';

  async function call<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await fetch(new URL(path, url), { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as Answer;
  }

  return {
    async save(dashboard) {
      const { uid } = await call<{ uid: string }>('POST', 'api/dashboards/db', { dashboard, overwrite: true });
      return (await call<{ dashboard: Dashboard }>('GET', `api/dashboards/uid/${uid}`)).dashboard;
    },
    async remove(uid) {
      await call('DELETE', `api/dashboards/uid/${uid}`);
    },
    find(uid) {
      return call<Found>('GET', `api/dashboards/uid/${uid}`);
    },
    home() {
      return call<Found>('GET', 'api/dashboards/home');
    },
    async check(datasourceUid) {
      return (await call<{ status: string }>('GET', `api/datasources/uid/${datasourceUid}/health`)).status;
    },
    async ask(targets, given) {
      const { results } = await call<Answers>('POST', 'api/ds/query', {
        from: String(given.fromMs),
        to: String(given.toMs),
        queries: targets.map((target) => ({ ...target, ...inBrowser(target, given), maxDataPoints: 500 })),
      });
      return new Map(
        targets.map(({ refId }) => {
          const { error, frames } = results[refId] ?? { error: 'no answer' };
          if (error !== undefined || !frames) throw new Error(`${refId}: ${error}`);
          const notices = frames.flatMap(({ schema }) => schema.meta?.notices ?? []);
          const warned = notices.find(({ severity }) => severity !== 'info');
          if (warned) throw new Error(`${refId}: ${warned.text}`);
          return [refId, frames];
        }),
      );
    },
  };
}

/** Variables are put in by the browser; macros by the server. */
function inBrowser({ rawSql, expr }: Target, given: Given): object {
  const { intervalMs } = given;
  return rawSql === undefined
    ? { intervalMs, expr: expandPromql(expr ?? '', given) }
    : { intervalMs, rawSql: expandVariables(rawSql, given, quoted) };
}
