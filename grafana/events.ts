import { board, configurations } from './board.ts';
import { TO_SNAPSHOT } from './links.ts';
import { barsOf, overTime, rows } from './panels.ts';
import { sql } from './queries.ts';

/** What happened, one by one. */
export const events = board({
  uid: 'passerby-events',
  title: 'events',
  description: 'What happened, when and where, one by one.',
  from: 'now-24h',
  refresh: '1m',
  variables: ['site', 'device', 'zone', 'type'],
  annotations: [configurations()],
  panels: {
    'How many': [
      overTime({
        title: 'Events over time',
        description: 'By type, each once whatever its versions.',
        queries: [sql('events/by-time', 'time_series')],
        empty: 'no event in this time',
        unit: 'short',
        width: 16,
        interval: '1h',
        as: 'stacked bars',
      }),
      barsOf({
        title: 'Events by type',
        description: 'Of full hours.',
        queries: [sql('events/by-type')],
        empty: 'no event in this time',
        unit: 'short',
        width: 8,
        field: 'type',
      }),
    ],
    'One by one': [
      rows({
        title: 'Events',
        description:
          'The newest two hundred of this time. A picture opens in the console, which asks who you are once. Of zones: events of no zone are shown with those of the chosen.',
        queries: [sql('events/explorer')],
        empty: '',
        width: 24,
        height: 16,
        columns: {
          at: { title: 'At', unit: 'dateTimeAsLocal', width: 170 },
          type: { title: 'What', width: 150 },
          camera: { title: 'Camera', width: 150 },
          site: { title: 'Site', width: 120 },
          zone: { title: 'Zone', width: 120 },
          person: { title: 'Person', width: 150 },
          lasted_s: { title: 'Lasted', unit: 's', width: 90 },
          lane: { title: 'Lane', width: 80 },
          picture: {
            title: 'Snapshot',
            words: 'picture',
            width: 90,
            link: { title: 'The snapshot', url: TO_SNAPSHOT },
          },
          number: { title: 'Number', width: 80 },
          data: { title: 'Data' },
        },
      }),
    ],
  },
});
