import { readFileSync } from 'node:fs';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';

/** As grafana/provisioning/datasources has them. */
export const PROMETHEUS = { type: 'prometheus', uid: 'prometheus' } as const;
export const DATABASE = { type: 'grafana-postgresql-datasource', uid: 'timescaledb' } as const;

/** A statement of sql/, without its comments: these are for whoever changes it. */
export function readSql(name: string): string {
  const text = readFileSync(new URL(`sql/${name}.sql`, import.meta.url), 'utf8');
  return text.replace(/^ *--.*\n/gm, '').trim();
}

/** What the SDK has no builder for: a question to a PostgreSQL. */
interface SqlQuery {
  readonly refId: string;
  readonly datasource: typeof DATABASE;
  readonly rawSql: string;
  readonly format: 'table' | 'time_series';
  readonly rawQuery: true;
  readonly editorMode: 'code';
}

/** What a panel asks, and whom. */
export interface Question {
  readonly query: Builder<Dataquery>;
  readonly datasource: typeof PROMETHEUS | typeof DATABASE;
}

/** Rows as they are; or, as a time series, one line for each value of `metric`. */
export function sql(name: string, format: SqlQuery['format'] = 'table'): Question {
  const query: SqlQuery = {
    refId: 'A',
    datasource: DATABASE,
    rawSql: readSql(name),
    format,
    rawQuery: true,
    editorMode: 'code',
  };
  return { datasource: DATABASE, query: { build: () => ({ ...query, _implementsDataqueryVariant() {} }) } };
}

/** Over the time that is shown. */
export function promql(expr: string, legend: string, refId = 'A'): Question {
  return { datasource: PROMETHEUS, query: asked(expr, legend, refId).range() };
}

/** At the end of it. */
export function promqlNow(expr: string, legend: string): Question {
  return { datasource: PROMETHEUS, query: asked(expr, legend, 'A').instant() };
}

function asked(expr: string, legend: string, refId: string): DataqueryBuilder {
  return new DataqueryBuilder().refId(refId).datasource(PROMETHEUS).expr(expr).legendFormat(legend);
}
