import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { statement } from '../../../ports/store/statement.ts';
import type { Statement } from '../../../ports/store/store.ts';
import type { Random } from '../../simulate/random.ts';
import { panelQueries } from './panel-queries.ts';
import { ago, lately, span } from './spans.ts';

/** One time that is asked: what there is to ask for, and by chance what is asked for now. */
export interface Turn {
  readonly nowMs: number;
  /** How far back it goes. */
  readonly days: number;
  readonly random: Random;
  readonly devices: readonly string[];
  readonly owner: string;
  readonly persons: readonly string[];
  readonly frames: readonly string[];
  /** When each of these was taken. */
  readonly frameTimes: readonly Date[];
  readonly numbers: readonly number[];
  /** Of which devices these are, and when they happened. */
  readonly numberDevices: readonly string[];
  readonly numberTimes: readonly string[];
  /** In which week. */
  readonly numberWeeks: readonly Date[];
  /** The newest of all: what is fed. */
  readonly fedNumbers: readonly number[];
  readonly fedTimes: readonly Date[];
  readonly fedDevices: readonly string[];
  readonly fedVersions: readonly number[];
}

/** A statement as it is served, and what it is asked for. */
export interface Served {
  readonly name: string;
  /** Where the statement stands. */
  readonly file: string;
  readonly statement: Statement;
  values(turn: Turn): readonly unknown[];
}

type Values = (turn: Turn) => readonly unknown[];

const NONE = null;
const PAGE = 50;
const DAY_MS = 86_400_000;

const one = ({ random }: Turn, choices: readonly (string | number)[]) =>
  choices[Math.floor(random.between(0, choices.length))];
const device = (turn: Turn) => one(turn, turn.devices);
const dates = (turn: Turn, wanted: number) => span(turn, wanted).map((date) => date.toISOString().slice(0, 10));

/** What a page of events is asked for: types, from, to. */
const eventFilters: Readonly<Record<string, Values>> = {
  all: () => [NONE, NONE, NONE],
  'a day': (turn) => [NONE, ...span(turn, 1)],
  'a week': (turn) => [NONE, ...span(turn, 7)],
  'a month': (turn) => [NONE, ...span(turn, 30)],
  visits: () => [['visit'], NONE, NONE],
  'crowds, a month': (turn) => [['crowd'], ...span(turn, 30)],
};

const PLACES = ['', '-oldest'] as const;
const events = Object.entries(eventFilters).flatMap(([name, filter]): [string, string, Values][] => {
  const first: Values = (turn) => [...filter(turn), NONE, NONE, NONE, PAGE + 1, 0, NONE];
  return PLACES.flatMap((order): [string, string, Values][] => [
    [`events${order}, ${name}`, `console/sql/list-events${order}.sql`, first],
    [
      `events${order}, ${name}, of one device`,
      `console/sql/list-device-events${order}.sql`,
      (turn) => [...first(turn), [device(turn)]],
    ],
    [
      `events${order}, ${name}, of an owner`,
      `console/sql/list-device-events${order}.sql`,
      (turn) => [...first(turn), turn.devices.filter((_, at) => at % 2 === 0)],
    ],
  ]);
});

/** What happened before some time, as the page before ended. */
const furtherEvents: readonly [string, string, Values][] = [
  [
    'events, a page far back',
    'console/sql/list-events.sql',
    (turn) => [NONE, NONE, NONE, span(turn, 1)[0], 1, NONE, PAGE + 1, 0, NONE],
  ],
  [
    'events of a person, searched for in a day',
    'console/sql/list-events.sql',
    (turn) => [
      ['visit'],
      ...span(turn, 1),
      NONE,
      NONE,
      JSON.stringify({ person_id: one(turn, turn.persons) }),
      PAGE + 1,
      0,
      NONE,
    ],
  ],
  [
    'events, within a day of some time',
    'console/sql/list-events.sql',
    (turn) => {
      const [from, to] = span(turn, 1);
      return [NONE, NONE, to, NONE, NONE, NONE, PAGE + 1, 0, from];
    },
  ],
  [
    'events, of which it is known where they are',
    'console/sql/read-events.sql',
    ({ random, numbers, numberDevices, numberTimes }) => {
      const at = Math.floor(random.between(0, numbers.length));
      return [[numberDevices[at]], [numberTimes[at]], [numbers[at]], numberTimes[at], numberTimes[at]];
    },
  ],
  [
    'events of a zone in a week of one device: how many',
    'console/sql/count-matching-events.sql',
    (turn) => [NONE, ...span(turn, 7), JSON.stringify({ zone: 'door' }), [device(turn)]],
  ],
];

/** From, to, where the page before ended, and one more than is shown. */
const newest: Values = () => [NONE, NONE, NONE, NONE, PAGE + 1];
const further: Values = (turn) => [NONE, NONE, span(turn, 1)[0], '80000000-0000-4000-8000-000000000000', PAGE + 1];
const during =
  (days: number): Values =>
  (turn) => [...span(turn, days), NONE, NONE, PAGE + 1];

const visits: readonly [string, string, Values][] = [
  ['visits, the newest', 'console/sql/list-visits.sql', newest],
  ['visits, a page far back', 'console/sql/list-visits.sql', further],
  ['visits, a day', 'console/sql/list-visits.sql', during(1)],
  ['visits of one device', 'console/sql/list-device-visits.sql', (turn) => [...newest(turn), device(turn), NONE]],
  [
    'visits of one device, a page far back',
    'console/sql/list-device-visits.sql',
    (turn) => [...further(turn), device(turn), NONE],
  ],
  ['visits of an owner', 'console/sql/list-device-visits.sql', (turn) => [...newest(turn), NONE, turn.owner]],
  [
    'visits of an owner, a page far back',
    'console/sql/list-device-visits.sql',
    (turn) => [...further(turn), NONE, turn.owner],
  ],
  [
    'visits of one person',
    'console/sql/list-person-visits.sql',
    (turn) => [...newest(turn), one(turn, turn.persons), NONE, NONE],
  ],
];

const occupancy: readonly [string, string, Values][] = [
  ['occupancy: whose', 'console/sql/occupancy-places.sql', (turn) => [device(turn), NONE, turn.owner, 'door']],
  [
    'occupancy of one device, a day',
    'console/sql/occupancy.sql',
    (turn) => [[device(turn)], '', ...span(turn, 1), 3_600],
  ],
  [
    'occupancy of one device, lately',
    'console/sql/occupancy.sql',
    (turn) => [[device(turn)], '', ...lately(turn, 1), 60],
  ],
  [
    'occupancy of a zone, a month',
    'console/sql/occupancy.sql',
    (turn) => [[device(turn)], 'door', ...span(turn, 30), 86_400],
  ],
  [
    'occupancy of a site, a week',
    'console/sql/occupancy.sql',
    (turn) => [turn.devices.filter((_, at) => at % 10 === 0), '', ...span(turn, 7), 3_600],
  ],
];

const frames: readonly [string, string, Values][] = [
  ['frames, the newest', 'console/sql/list-captures.sql', () => [NONE, NONE, NONE, NONE, PAGE, 0]],
  ['frames, the hundredth page', 'console/sql/list-captures.sql', () => [NONE, NONE, NONE, NONE, PAGE, 99 * PAGE]],
  [
    'frames of one device that are dead',
    'console/sql/list-captures.sql',
    (turn) => [device(turn), 'dead', NONE, NONE, PAGE, 0],
  ],
  [
    'frames of an owner',
    'console/sql/list-fleet-captures.sql',
    (turn) => [NONE, NONE, NONE, NONE, PAGE, 0, turn.owner],
  ],
  ['frames: how many', 'console/sql/count-captures.sql', () => [NONE, NONE, NONE, NONE, NONE]],
  ['frames of an owner: how many', 'console/sql/count-captures.sql', (turn) => [NONE, NONE, NONE, NONE, turn.owner]],
  ['a frame', 'console/sql/find-capture-blob.sql', (turn) => [one(turn, turn.frames), turn.owner]],
  [
    'a frame of a known time',
    'console/sql/find-capture.sql',
    ({ random, frames, frameTimes }) => {
      const at = Math.floor(random.between(0, frames.length));
      return [frames[at], frameTimes[at]];
    },
  ],
  ['jobs', 'console/sql/list-jobs.sql', (turn) => [NONE, NONE, NONE, NONE, ago(turn, 1), NONE, PAGE, 0]],
  ['jobs: how many', 'console/sql/count-jobs.sql', (turn) => [NONE, NONE, NONE, NONE, ago(turn, 1)]],
  ['jobs of an owner: how many', 'console/sql/count-jobs.sql', (turn) => [NONE, turn.owner, NONE, NONE, ago(turn, 1)]],
  ['queue', 'console/sql/waiting-captures.sql', () => [NONE]],
  ['queue: the oldest', 'console/sql/oldest-waiting-capture.sql', (turn) => [turn.owner]],
  ['ledger: analyses of a day', 'console/sql/ledger-analyses.sql', (turn) => [device(turn), ...lately(turn, 1)]],
  ['status: devices', 'console/sql/device-status.sql', () => [200, NONE]],
  ['status: devices of an owner', 'console/sql/device-status.sql', (turn) => [200, turn.owner]],
  ['status: rates', 'console/sql/rates.sql', (turn) => [ago(turn, 0), NONE]],
  ['status: rates of an owner', 'console/sql/rates.sql', (turn) => [ago(turn, 0), turn.owner]],
  ['disk: the database', 'console/sql/database-size.sql', () => []],
  ['disk: stored lately', 'console/sql/stored-bytes.sql', (turn) => [ago(turn, 0.25)]],
  [
    'the picture of a motion',
    'snapshots/sql/find-picture.sql',
    (turn) => [device(turn), 'live', ...span(turn, 0.01), 0.5],
  ],
  [
    'the picture of a visit',
    'snapshots/sql/find-shown.sql',
    (turn) => ['80000000-0000-4000-8000-000000000000', device(turn), ...span(turn, 0.01)],
  ],
];

/** Positions, marks, devices, times, numbers, versions; the first time and the last. */
const fed: Values = ({ fedNumbers, fedTimes, fedDevices, fedVersions }) => {
  const timesMs = fedTimes.map((time) => time.getTime());
  const [positions, marks] = [fedNumbers.map((_, at) => at), fedNumbers.map(() => 1)];
  const bounds = [new Date(Math.min(...timesMs)), new Date(Math.max(...timesMs) + 1)];
  return [positions, marks, fedDevices, fedTimes, fedNumbers, fedVersions, ...bounds];
};

/** Where a time is cut for its sums: hours of a day, days of a month, months, days, hours. */
const pieces = (turn: Turn): readonly unknown[] => {
  const [from, to] = span(turn, 90).map((date) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth())) as [
    number,
    number,
  ];
  return [-15.5, -15, 0]
    .map((days) => new Date(from + days * DAY_MS))
    .concat([0, 15, 15.5].map((days) => new Date(to + days * DAY_MS)));
};
const ALL_MONTHS = ['-infinity', '-infinity', '-infinity', 'infinity', 'infinity', 'infinity'];

const sums: readonly [string, string, Values][] = [
  ['sums of events', 'console/sql/sum-events.sql', () => [NONE, NONE, ...ALL_MONTHS]],
  ['sums of events, some months', 'console/sql/sum-events.sql', (turn) => [NONE, NONE, ...pieces(turn)]],
  [
    'sums of events of one device, some months',
    'console/sql/sum-events.sql',
    (turn) => [[device(turn)], NONE, ...pieces(turn)],
  ],
  ['events of an hour, counted', 'console/sql/count-events-between.sql', (turn) => [NONE, NONE, ...span(turn, 1 / 24)]],
  [
    'the first and the last event of two days',
    'console/sql/first-and-last-event.sql',
    (turn) => [NONE, NONE, ...span(turn, 1), ...span(turn, 1)],
  ],
];

const OWN = 'dev/bench/storage/sql';
const views: readonly [string, string, Values][] = [
  ['events that are listened to', 'console/sql/list-fed-events.sql', fed],
  [
    'an event',
    'console/sql/find-event.sql',
    ({ random, numbers, numberWeeks }) => {
      const at = Math.floor(random.between(0, numbers.length));
      const begunMs = numberWeeks[at]?.getTime() ?? 0;
      return [numbers[at], NONE, new Date(begunMs), new Date(begunMs + 7 * DAY_MS)];
    },
  ],
  [
    'whether a picture is another event’s too',
    'console/sql/is-named-snapshot.sql',
    (turn) => [device(turn), span(turn, 1)[0], 'snapshots/none.png'],
  ],
  ['visits by the hour, a week', `${OWN}/ask-visits-by-hour.sql`, (turn) => span(turn, 7)],
  ['visits by the hour, lately', `${OWN}/ask-visits-by-hour.sql`, (turn) => lately(turn, 1)],
  [
    'visits of one device by the hour, a month',
    `${OWN}/ask-device-visits-by-hour.sql`,
    (turn) => [device(turn), ...span(turn, 30)],
  ],
  ['visits of one device by the day', `${OWN}/ask-device-visits-by-day.sql`, (turn) => [device(turn)]],
  [
    'zones of one device by the hour, a week',
    `${OWN}/ask-zones-by-hour.sql`,
    (turn) => [device(turn), ...span(turn, 7)],
  ],
  [
    'crowds of one device by the hour, a month',
    `${OWN}/ask-crowds-by-hour.sql`,
    (turn) => [device(turn), ...span(turn, 30)],
  ],
  ['events by the hour and type, a week', `${OWN}/ask-event-counts.sql`, (turn) => span(turn, 7)],
  ['results.events of one device, a week', `${OWN}/ask-result-events.sql`, (turn) => [device(turn), ...span(turn, 7)]],
  ['results.person_summary of a day', `${OWN}/ask-summary-of-day.sql`, (turn) => [dates(turn, 1)[0]]],
  [
    'results.person_summary of one device, a month',
    `${OWN}/ask-summary-of-device.sql`,
    (turn) => [device(turn), ...dates(turn, 30)],
  ],
];

/** Statements of the console and of the snapshots, panels of Grafana, and views for whoever asks in plain SQL. */
export const served: readonly Served[] = [
  ...[...events, ...furtherEvents, ...sums, ...visits, ...occupancy, ...views, ...frames].map(
    ([name, file, values]): Served => {
      return { name, file, values, statement: statement(import.meta.url, `../../../${file}`) };
    },
  ),
  ...panelQueries(),
];

/** Statements that read what grows with time, as their text says, and are not among those that are asked. */
export function unaskedStatements(): readonly string[] {
  const asked = new Set(served.map(({ file }) => file));
  return ['console/sql', 'snapshots/sql']
    .flatMap((folder) =>
      readdirSync(fileURLToPath(new URL(`../../../${folder}`, import.meta.url))).map((file) => `${folder}/${file}`),
    )
    .filter((file) => !file.includes('/test-') && !asked.has(file))
    .filter((file) => {
      const text = statement(import.meta.url, `../../../${file}`).text.replace(/^ *--.*$/gm, '');
      return /^\s*(select|with)\b/.test(text) && !CHANGING.test(text) && GROWING.test(text);
    });
}

const CHANGING = /\b(insert into|update|delete from)\b/;
const GROWING = /\b(captures|events|visits|occupancy_changes|event_counts|results\.\w+|\w+_(hourly|daily))\b/;
