import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  type VariableModel,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATABASE, PROMETHEUS, promql, readSql, sql } from './queries.ts';

interface Board {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** How far back it looks at first: now-7d. */
  readonly from: string;
  readonly refresh: string;
  readonly variables: readonly (keyof typeof LABELS)[];
  readonly annotations: readonly Builder<AnnotationOf>[];
  /** By the heading above them. */
  readonly panels: Readonly<Record<string, readonly Builder<Panel>[]>>;
}
type AnnotationOf = ReturnType<AnnotationQueryBuilder['build']>;

const TAG = 'passerby';

/** Each is asked for what the ones before it leave: the devices of the sites, the zones of the devices. */
const LABELS = { site: 'Site', device: 'Device', zone: 'Zone', type: 'Type' } as const;

function variable(name: keyof typeof LABELS): Builder<VariableModel> {
  const text = readSql(`variables/${name}`);
  return new QueryVariableBuilder(name)
    .label(LABELS[name])
    .datasource(DATABASE)
    .query(text)
    .definition(text)
    .multi(true)
    .includeAll(true)
    .allowCustomValue(false)
    .current({ text: ['All'], value: ['$__all'] })
    .refresh(name === 'type' ? VariableRefresh.OnTimeRangeChanged : VariableRefresh.OnDashboardLoad);
}

/** Every version of a device's settings, where it was made. */
export const configurations = (): Builder<AnnotationOf> =>
  new AnnotationQueryBuilder()
    .name('Configurations')
    .datasource(DATABASE)
    .enable(true)
    .iconColor('blue')
    .target(sql('annotations/configurations').query);

/**
 * A service that starts has been deployed, or has come back; which version it is of, it says itself. The half minute is
 * for the scrape that first finds it, and points beside each other are shown as one.
 */
export const starts = (): Builder<AnnotationOf> => {
  const query =
    'passerby_build_info and on (job, instance) (time() - process_start_time_seconds < $__interval_ms / 1000 + 30)';
  return new AnnotationQueryBuilder()
    .name('Deployments and starts')
    .datasource(PROMETHEUS)
    .enable(true)
    .iconColor('purple')
    .step('60s')
    .titleFormat('{{job}} {{version}} started')
    .textFormat('{{instance}}')
    .target(promql(query, '{{job}}').query);
};

export function board({ uid, title, description, from, refresh, variables, annotations, panels }: Board): Dashboard {
  const made = new DashboardBuilder(`Passerby: ${title}`)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .timezone('browser')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: 'now' })
    .refresh(refresh)
    .variables(variables.map(variable))
    .annotations(annotations.map(above))
    .link(
      above(
        new DashboardLinkBuilder('Passerby')
          .type(DashboardLinkType.Dashboards)
          .icon('external link')
          .tags([TAG])
          .asDropdown(false)
          .includeVars(true)
          .keepTime(true),
      ),
    );
  let id = 0;
  for (const [heading, shown] of Object.entries(panels)) {
    id += 1;
    made.withRow(new RowBuilder(heading).id(id));
    for (const panel of shown) {
      id += 1;
      made.withPanel(numbered(panel, id));
    }
  }
  return made.build();
}

/**
 * Where it is seen. The SDK places everything in the menu of controls, and Grafana knows no name for the place above the
 * panels: what has none stands there.
 */
function above<Placed extends { placement?: unknown }>(made: Builder<Placed>): Builder<Placed> {
  return {
    build: () => {
      const placed = made.build();
      delete placed.placement;
      return placed;
    },
  };
}

/** Links name a panel by its number. */
function numbered(panel: Builder<Panel>, id: number): Builder<Panel> {
  return { build: () => ({ ...panel.build(), id }) };
}
