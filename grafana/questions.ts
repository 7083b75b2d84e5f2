import { readdirSync, readFileSync } from 'node:fs';

/** Something that a dashboard asks, wherever in it. */
interface Asked {
  /** The file and the panel's title; variables and annotations are the same in every file. */
  readonly name: string;
  readonly dashboard: string;
  readonly use: Use;
}
/** What an answer is for. */
export type Use = Panel | 'variable' | 'annotation';
export interface SqlQuestion extends Asked {
  readonly rawSql: string;
  readonly format: string;
}
export interface PromqlQuestion extends Asked {
  readonly expr: string;
}

export interface Target {
  readonly refId: string;
  readonly expr?: string;
  readonly rawSql?: string;
  readonly format?: string;
  readonly datasource?: { readonly uid: string; readonly type: string };
  readonly legendFormat?: string;
}
interface Override {
  readonly matcher: { readonly id: string; readonly options: string };
  readonly properties: readonly { readonly id: string; readonly value: unknown }[];
}
interface FieldDefaults {
  readonly unit?: string;
  readonly noValue?: string;
  readonly min?: number;
  readonly max?: number;
  readonly thresholds?: { readonly steps: readonly { readonly value: number | null; readonly color: string }[] };
  readonly custom?: {
    readonly drawStyle?: string;
    readonly lineInterpolation?: string;
    readonly stacking?: { readonly mode: string };
  };
}
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string; readonly type: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: FieldDefaults; readonly overrides: readonly Override[] };
  readonly options?: {
    readonly xField?: string;
    readonly reduceOptions?: { readonly values: boolean };
    readonly legend?: { readonly showLegend: boolean };
  };
  readonly interval?: string;
  readonly targets?: readonly Target[];
}
interface Variable {
  readonly name: string;
  readonly query: string;
  readonly datasource: { readonly uid: string; readonly type: string };
}
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly links: readonly { readonly type: string; readonly tags: readonly string[] }[];
  readonly time: { readonly from: string };
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly target?: Target }[] };
}

const folder = new URL('dashboards/', import.meta.url);

/** The dashboards as Grafana finds them, by the names of their files. */
export function readDashboards(): ReadonlyMap<string, Dashboard> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return new Map(files.map((file) => [file.slice(0, -5), JSON.parse(readFileSync(new URL(file, folder), 'utf8'))]));
}

/** All that is asked: by variables, by annotations, and by panels. */
export function questionsOf(dashboards: ReadonlyMap<string, Dashboard>): readonly (SqlQuestion | PromqlQuestion)[] {
  return [...dashboards].flatMap(([dashboard, { panels, templating, annotations }]) => [
    ...templating.list.map(({ name, query }) => ({
      name: `variable ${name}`,
      dashboard,
      use: 'variable' as const,
      rawSql: query,
      format: 'table',
    })),
    ...annotations.list.flatMap(({ name, target }) =>
      target ? asked({ name: `annotation ${name}`, dashboard, use: 'annotation' }, target) : [],
    ),
    ...panels.flatMap((panel) =>
      (panel.targets ?? []).flatMap((target) => {
        const name = `${dashboard}: ${panel.title}${target.refId === 'A' ? '' : ` ${target.refId}`}`;
        return asked({ name, dashboard, use: panel }, target);
      }),
    ),
  ]);
}

function asked(of: Asked, { rawSql, expr, format = 'table' }: Target): readonly (SqlQuestion | PromqlQuestion)[] {
  if (rawSql !== undefined) return [{ ...of, rawSql, format }];
  return expr === undefined ? [] : [{ ...of, expr }];
}

export const isSql = (question: SqlQuestion | PromqlQuestion): question is SqlQuestion => 'rawSql' in question;
