import { stringify } from 'yaml';
import type { Fault } from './faults.ts';
import { type SeenSeries, seriesName, seriesValues } from './promtool-series.ts';

export interface Recording {
  readonly name: string;
  readonly fault: Fault;
  readonly stepS: number;
  readonly series: readonly SeenSeries[];
  /** When the fault began and ended, and when the recording did, in seconds from its beginning. */
  readonly beganS: number;
  readonly endedS: number;
  readonly overS: number;
}

/**
 * A test for promtool on what was recorded: nothing fires before the fault, nor is what it comes to about to; at its end these
 * alerts fire, and no other.
 */
export function recordedFile({ name, fault, stepS, series, beganS, endedS, overS }: Recording): string {
  const firing = 'count by (alertname) (ALERTS{alertstate="firing"})';
  const soonFiring = `count by (alertname) (ALERTS{alertname=~"${fault.alerts.join('|')}"})`;
  const told = (atS: number, alerts: readonly string[], expr = firing) => ({
    expr,
    eval_time: `${Math.floor(atS / stepS) * stepS}s`,
    exp_samples: alerts.toSorted().map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
  });
  const test = {
    name: `${fault.words}; recorded`,
    interval: `${stepS}s`,
    input_series: series.map(({ labels, values }) => ({ series: seriesName(labels), values: seriesValues(values) })),
    promql_expr_test: [
      // A service that is busy may miss a question later on; but at first, once there is something to compare, all is well.
      told(stepS, [], soonFiring),
      told(beganS - stepS, []),
      told(endedS, fault.alerts),
      ...(fault.heals ? [told(overS - stepS, [])] : []),
    ],
  };
  const file = {
    rule_files: ['../rules.yml'],
    evaluation_interval: `${stepS}s`,
    group_eval_order: ['recorded', 'services', 'queue', 'ingest', 'devices', 'room'],
    tests: [test],
  };
  const head = [
    `# Recorded while ${fault.words}, by: npm run faults -- --fault ${name}`,
    `# promtool test rules ops/prometheus/recorded/${name}.yml`,
  ];
  return `${head.join('\n')}\n${stringify(file, { lineWidth: 0 })}`;
}
