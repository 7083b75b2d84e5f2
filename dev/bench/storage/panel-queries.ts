import { isSql, questionsOf, readDashboards } from '../../../grafana/questions.ts';
import type { Served, Turn } from './served-queries.ts';
import { lately, span } from './spans.ts';

interface Asked {
  readonly during: readonly [Date, Date];
  readonly devices: readonly string[];
}

/** What Grafana puts into a panel's query, as parameters here: one statement is asked for any time, and of any devices. */
const PLACES: readonly (readonly [string, (asked: Asked) => unknown])[] = [
  ['$__timeFrom()', ({ during: [from] }) => from],
  ['$__timeTo()', ({ during: [, to] }) => to],
  ['array[$device]', ({ devices }) => devices],
  ['array[$zone]', () => ['door', 'shelf', 'till']],
  ['array[$type]', () => ['visit', 'motion', 'zone_entered', 'zone_left', 'crowd']],
];
const GROWING = /\b(captures|events|visits|occupancy_\w+|event_counts|seq_blocks|ledger_hours|\w+_hourly)\b/;

/** What Grafana asks of what grows: of all devices for a week, which no dashboard shows more of at first, and of one for a month. */
export function panelQueries(): readonly Served[] {
  return questionsOf(readDashboards())
    .filter(isSql)
    .filter(({ rawSql }) => GROWING.test(rawSql))
    .flatMap(({ name, dashboard, rawSql }) => {
      const sql = rawSql
        .replace(/\$__timeFilter\(([\w.]+)\)/g, (_, column) => `${column} between $__timeFrom() and $__timeTo()`)
        .replace(/\$__timeGroup\(([\w.]+), \$__interval\)/g, (_, column) => `date_trunc('hour', ${column}, 'UTC')`)
        .replaceAll('$__interval_ms', '3600000');
      const used = PLACES.filter(([written]) => sql.includes(written));
      const text = used.reduce((made, [written], at) => made.replaceAll(written, () => `$${at + 1}`), sql);
      const served = (of: string, asked: (turn: Turn) => Asked): Served => ({
        name: `panel ${name}, ${of}`,
        file: `grafana/dashboards/${dashboard}.json`,
        statement: { name: `panel ${name}`, text },
        values: (turn) => {
          // Once, or the beginning would be of another span than the end.
          const drawn = asked(turn);
          return used.map(([, value]) => value(drawn));
        },
      });
      return [
        served('a week', (turn) => ({ during: lately(turn, 7), devices: turn.devices })),
        served('of one device, a month', (turn) => ({ during: span(turn, 30), devices: turn.devices.slice(0, 1) })),
      ];
    });
}
