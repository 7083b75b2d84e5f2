import { expandSql, type Given } from '../../grafana/expand-query.ts';
import { isSql, questionsOf, readDashboards } from '../../grafana/questions.ts';
import { statement } from '../../ports/store/statement.ts';
import { derivedId, frameId } from '../../schemas/identity.ts';
import { read, repositoryFiles } from '../compose/compose-file-under-test.ts';
import { DAY_MS, HOUR_MS, NOW_MS, OWNER } from './history-under-test.ts';

/** A statement with values, and what of its answer is to be the same on both flavours; all of it, if nothing is said. */
export interface Question {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** Whether it says of any two rows which comes first. */
  readonly isOrdered: boolean;
  readonly compared?: (row: object) => unknown;
}

const at = (days: number) => new Date(NOW_MS + days * DAY_MS);
const all = null;
const frame = frameId('door', 0, 7);
const person = derivedId('test-person', 'door 12');
const cursor = '80000000-0000-4000-8000-000000000000';
const deadFrame = frameId('door', 0, 11);

function fedAt(device: string, time: Date, version: number): readonly unknown[] {
  const numbers = Array.from({ length: 2_000 }, (_, number) => number);
  const of = (value: unknown) => numbers.map(() => value);
  return [numbers, of(1), of(device), of(time), numbers, of(version), time, time];
}

/** Of each statement that reads what differs between the flavours, the values that it is asked with. */
const asked: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  'console/sql/count-captures.sql': [
    [all, all, all, all, all],
    ['door', 'done', at(-1), at(0), all],
    [all, all, all, all, OWNER],
  ],
  'console/sql/count-events-between.sql': [
    [all, all, at(-30.3), at(-30)],
    [['door', 'hall'], ['visit', 'crowd'], at(-12), at(-9.7)],
  ],
  'console/sql/count-jobs.sql': [
    [all, all, all, all, at(-3)],
    ['door', OWNER, at(-1), at(0), at(-1)],
  ],
  'console/sql/database-size.sql': [[]],
  'console/sql/device-status.sql': [
    [10, all],
    [10, OWNER],
  ],
  'console/sql/first-and-last-event.sql': [
    [all, all, at(-30), at(-20), at(-3), at(0)],
    [['door'], ['crowd'], at(-40), at(0), all, all],
  ],
  'console/sql/count-matching-events.sql': [
    [all, all, all, '{"zone":"z1"}', all],
    [['visit'], at(-20), at(-1), '{"min_dwell_s":60,"max_confidence":1}', ['door', 'hall']],
  ],
  'console/sql/find-capture-blob.sql': [
    [frame, all],
    [frame, OWNER],
  ],
  'console/sql/find-capture.sql': [[frame, at(-2)]],
  'console/sql/find-event.sql': [
    [3, all, at(-60), at(1)],
    [700, OWNER, at(-60), at(1)],
  ],
  'console/sql/is-named-snapshot.sql': [['door', at(-1), 'snapshots/door/6.png']],
  'console/sql/ledger-analyses.sql': [['door', at(-2), at(0)]],
  'console/sql/list-captures.sql': [
    [all, all, all, all, 50, 0],
    ['door', all, at(-3), at(0), 20, 10],
    [all, 'queued', all, all, 50, 0],
  ],
  'console/sql/list-device-visits.sql': [
    [at(-30), at(0), all, all, 30, 'door', all],
    [all, all, at(-10), cursor, 30, all, OWNER],
  ],
  'console/sql/list-device-events-oldest.sql': [
    [all, all, all, all, all, all, 30, 5, all, ['door', 'hall']],
    [['visit', 'crowd'], at(-30), all, at(-20), 300, all, 30, 0, at(-10), ['door']],
  ],
  'console/sql/list-device-events.sql': [
    [all, all, all, all, all, all, 30, 5, all, ['door', 'hall']],
    [['visit', 'crowd'], at(-30), at(-10), at(-12), 300, '{"min_dwell_s":1}', 30, 0, at(-15), ['door']],
  ],
  'console/sql/list-events-oldest.sql': [
    [all, all, all, all, all, all, 50, 0, all],
    [['visit'], all, all, at(-9), 100, '{"min_confidence":0.5}', 40, 0, at(-8)],
  ],
  'console/sql/list-events.sql': [
    [all, all, all, all, all, all, 50, 0, all],
    [['visit'], at(-30), at(0), all, all, '{"min_confidence":0.7,"max_dwell_s":1e6}', 40, 20, at(-28)],
    [['crowd'], all, at(-12), at(-20), 300, all, 30, 0, all],
    [all, all, all, all, all, '{"zone":"z1","q":"z1"}', 50, 0, at(-8)],
  ],
  // One event that there is, by whatever number it has: one of these.
  'console/sql/list-fed-events.sql': [fedAt('door', new Date(NOW_MS - 24.25 * HOUR_MS), 2)],
  'console/sql/list-fleet-captures.sql': [[all, all, all, all, 30, 5, OWNER]],
  'console/sql/list-jobs.sql': [
    [all, all, all, all, at(-3), all, 30, 0],
    ['done', 'door', at(-2), at(0), at(-2), OWNER, 20, 4],
  ],
  'console/sql/list-person-visits.sql': [
    [all, all, all, all, 30, person, all, all],
    [at(-30), at(0), all, all, 30, person, 'door', OWNER],
  ],
  'console/sql/list-visits.sql': [
    [all, all, all, all, 50],
    [at(-30), at(0), at(-9), cursor, 50],
  ],
  'console/sql/occupancy.sql': [[['door', 'hall'], '', at(-2), at(0), 3_600]],
  'console/sql/oldest-waiting-capture.sql': [[all], [OWNER]],
  'console/sql/queue-capture.sql': [[deadFrame, new Date(NOW_MS - 2 * DAY_MS + 4 * 900_000)]],
  'console/sql/rates.sql': [
    [at(0), all],
    [at(0), OWNER],
  ],
  'console/sql/reach-of-page.sql': [
    [all, all, all, true],
    [at(-20), at(-2), at(-3), true],
    [at(-20), all, at(-30), false],
  ],
  'console/sql/read-events.sql': [
    [['door', 'door'], [new Date(NOW_MS - 0.25 * HOUR_MS), new Date(NOW_MS - 4.25 * HOUR_MS)], [1, 5], at(-2), at(0)],
  ],
  'console/sql/stored-bytes.sql': [[at(-2)]],
  'console/sql/sum-events.sql': [
    [all, all, '-infinity', '-infinity', '-infinity', 'infinity', 'infinity', 'infinity'],
    [['door', 'hall'], ['visit'], at(-60), at(-30.5), at(-30), at(-2), at(-1.5), at(-1)],
  ],
  'console/sql/waiting-captures.sql': [[all], [OWNER]],
  'snapshots/sql/name-picture.sql': [
    [derivedId('test', 'door 6'), new Date(NOW_MS - 24.25 * HOUR_MS), 'door', 'visit', 'live'],
  ],
  'snapshots/sql/mark-drawn.sql': [
    [derivedId('test', 'door 6'), new Date(NOW_MS - 24.25 * HOUR_MS), 'snapshots/door/6.png'],
  ],
  'snapshots/sql/find-shown.sql': [[frameId('door', 0, 8), 'door', at(-3), at(0)]],
  'snapshots/sql/find-people.sql': [[frameId('door', 0, 8), new Date(NOW_MS - 2 * DAY_MS + 900_000)]],
  'snapshots/sql/find-picture.sql': [['door', 'live', at(-3), at(0), 0.25]],
};

const views: readonly string[] = [
  'select * from visits_hourly order by device_id, hour',
  `select * from visits_hourly where device_id = 'door' and hour >= '2026-04-20' and hour < '2026-04-27' order by hour`,
  'select * from visits_daily order by device_id, date',
  'select * from zones_hourly order by device_id, zone_id, hour',
  'select * from crowds_hourly order by device_id, zone_id, hour',
  'select * from ingest_minutely order by minute, device_id',
  'select * from results.events order by event_id',
  'select * from results.person_summary order by device_id, date',
  `select * from results.person_summary where date = '2026-04-20' order by device_id`,
  `select * from results.person_summary where device_id = 'hall' and date >= '2026-04-20' and date < '2026-04-27' order by date`,
  'select * from event_counts order by device_id, type, hour',
  'select * from event_days order by device_id, type, day',
  'select * from event_months order by device_id, type, month',
  'select * from event_numbers order by thousand, week',
  'select * from last_observations order by device_id, lane',
  'select * from occupancy_changes order by event_id, delta',
  'select * from occupancy_days order by device_id, zone_id, day',
  'select * from visits order by id',
  'select * from observations order by frame_id, outcome',
];

/** Every question that is the same on both flavours, or is to be. */
export function readQuestions(): readonly Question[] {
  const statements = Object.entries(asked).flatMap(([file, sets]) =>
    sets.map((values) => {
      const written = statement(import.meta.url, `../../${file}`).text;
      const text = written.includes('\nupdate ') ? `${written} returning *` : written;
      return { name: file, text, values, isOrdered: text.includes('order by'), ...comparedIn(file) };
    }),
  );
  return [
    ...statements,
    ...views.map((text) => ({ name: text, text, values: [], isOrdered: true })),
    ...panelStatements().map((text) => ({ name: text, text, values: [], isOrdered: false })),
  ];
}

/** Sizes differ, and are nobody's promise; of what they are told does not. */
function comparedIn(file: string): Pick<Question, 'compared'> {
  if (!file.endsWith('/database-size.sql')) return {};
  return {
    compared: (row) => 'tables' in row && (row.tables as { name: string }[]).map(({ name }) => name).sort(),
  };
}

/** What Grafana asks for thirty days of everything, in one dialect: grafana/panels.test.ts asks it in each server's own. */
function panelStatements(): readonly string[] {
  const given: Given = {
    fromMs: at(-30).getTime(),
    toMs: at(0).getTime(),
    intervalMs: 6 * HOUR_MS,
    chosen: {
      device: ['door', 'hall', 'yard'],
      zone: ['z0', 'z1'],
      type: ['visit', 'zone_entered', 'crowd', 'device_offline'],
    },
  };
  return questionsOf(readDashboards())
    .filter(isSql)
    .filter(({ rawSql }) => GROWING.test(rawSql))
    .map(({ rawSql }) => expandSql(rawSql, given, { timescale: false }));
}

/** Folders of statements that change what they find, or tell one story: which test asks them on TimescaleDB too. */
export const askedElsewhere: Readonly<Record<string, string>> = {
  'aggregator/check/sql/': 'aggregator/check/check.timescale.test.ts',
  'aggregator/retention/sql/': 'aggregator/retention/retention.timescale.test.ts',
  'aggregator/sql/': 'dev/flavours.test.ts',
  'console/erasures/sql/': 'console/erasures/erasures.test.ts',
  'grafana/sql/': 'grafana/panels.test.ts',
};

/**
 * Statements that read a hypertable or a rollup, as their text says, and are asked nowhere on both flavours. Those in
 * dev and ops are no service's.
 */
export function unaskedStatements(): readonly string[] {
  const elsewhere = Object.keys(askedElsewhere);
  return repositoryFiles
    .filter((file) => file.endsWith('.sql') && !/^(?:dev|ops)\/|\/migrations\/|\/test-/.test(file))
    .filter((file) => !(file in asked) && !elsewhere.some((folder) => file.startsWith(folder)))
    .filter((file) => GROWING.test(withoutComments(read(file))));
}

const GROWING = /\b(captures|events|visits|observations|\w+_(hourly|daily|minutely))\b/;
const withoutComments = (text: string) => text.replace(/^ *--.*$/gm, '');

/**
 * Statements that change rows of a hypertable and do not say between which times they are. Without, every chunk is unpacked;
 * of one device, whatever that has in any.
 */
export function unboundedChanges(): readonly string[] {
  return repositoryFiles
    .filter((file) => file.endsWith('.sql') && !/\/(?:test-[^/]*|migrations\/[^/]*)$/.test(file))
    .filter((file) => isUnboundedChange(read(file)));
}

/** A bound on another table's column, to which this one is joined, is none. */
export function isUnboundedChange(text: string): boolean {
  const change = /\b(?:delete from|update) (captures|events|observations|visits)\b(?:(?!\breturning\b|^\))[\s\S])*/gm;
  return [...withoutComments(text).matchAll(change)].some(([statement, table]) => {
    const column = `(?<![\\w.])(?:${table}\\.)?(?:captured_at|occurred_at|opened_at)`;
    return !new RegExp(`${column} *(?:=|between) *(?:any\\()?\\$\\d`).test(statement);
  });
}
