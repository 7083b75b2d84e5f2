import { board, configurations, starts } from './board.ts';
import { figure, overTime, rows } from './panels.ts';
import { promql, promqlNow, sql } from './queries.ts';

/** There may be others in the same Prometheus. */
const OURS = 'job=~"ingest|processor|aggregator|snapshots|console"';
/** Without the probes: who supervises asks them all the time, and a service that starts answers them 503. */
const REQUESTS = 'route!~"/livez|/readyz|/metrics"';
const AFTER = '[$__rate_interval]';
const STAGES = `sum by (stage, le) (rate(passerby_processor_stage_seconds_bucket${AFTER}))`;

/** What comes in, what waits, what came of it. */
export const pipeline = board({
  uid: 'passerby-pipeline',
  title: 'pipeline',
  description: 'What comes in, what waits, what came of it, and on what it stands.',
  from: 'now-6h',
  refresh: '30s',
  variables: ['site', 'device'],
  annotations: [starts(), configurations()],
  panels: {
    Services: [
      figure({
        title: 'Services',
        description: 'How many processes of each answer.',
        queries: [promqlNow(`sum by (job) (up{${OURS}})`, '{{job}}')],
        empty: 'Prometheus asks nobody',
        unit: 'short',
        width: 24,
        thresholds: [
          { color: 'red', value: null },
          { color: 'green', value: 1 },
        ],
      }),
    ],
    'What comes in': [
      overTime({
        title: 'Frames acknowledged',
        description: 'New ones, and those sent again.',
        queries: [
          promql(`sum by (status) (rate(passerby_ingest_frames_total{device=~"$device"}${AFTER}))`, '{{status}}'),
        ],
        empty: 'no frame yet',
        unit: 'ops',
        width: 8,
      }),
      overTime({
        title: 'Uploads refused',
        description: 'By the code of the problem, of all devices.',
        queries: [promql(`sum by (code) (rate(passerby_ingest_refused_total${AFTER}))`, '{{code}}')],
        empty: 'none was refused',
        unit: 'ops',
        width: 8,
      }),
      overTime({
        title: 'Requests, 95th percentile',
        description: 'Time to the end of the answer, by route.',
        queries: [
          promql(
            `histogram_quantile(0.95, sum by (job, route, le) (rate(passerby_http_request_duration_seconds_bucket{${REQUESTS}}${AFTER})))`,
            '{{job}} {{route}}',
          ),
        ],
        empty: 'nobody has asked',
        unit: 's',
        width: 8,
      }),
    ],
    'What waits': [
      overTime({
        title: 'Behind, in time',
        description: 'Age of the oldest record that a reader has not yet committed.',
        queries: [promql('max by (group, topic) (passerby_log_lag_seconds)', '{{group}} {{topic}}')],
        empty: 'nobody watches the log',
        unit: 's',
        width: 12,
      }),
      overTime({
        title: 'Behind, in records',
        description: 'Records that a reader has not yet committed.',
        queries: [
          promql(
            'sum by (group, topic) (max by (group, topic, partition) (passerby_log_lag_records))',
            '{{group}} {{topic}}',
          ),
        ],
        empty: 'nobody watches the log',
        unit: 'short',
        width: 12,
      }),
    ],
    'What is done': [
      overTime({
        title: 'Frames analysed',
        description: 'By lane and by what became of them; dead ones are put aside.',
        queries: [
          promql(`sum by (lane, outcome) (rate(passerby_processor_frames_total${AFTER}))`, '{{lane}} {{outcome}}'),
        ],
        empty: 'no frame yet',
        unit: 'ops',
        width: 8,
      }),
      overTime({
        title: 'Stages, median',
        description: 'Where a picture, or a batch of them, spends its time.',
        queries: [promql(`histogram_quantile(0.5, ${STAGES})`, '{{stage}}')],
        empty: 'no frame yet',
        unit: 's',
        width: 8,
      }),
      overTime({
        title: 'Stages, 95th percentile',
        description: 'Where a picture, or a batch of them, spends its time.',
        queries: [promql(`histogram_quantile(0.95, ${STAGES})`, '{{stage}}')],
        empty: 'no frame yet',
        unit: 's',
        width: 8,
      }),
      overTime({
        title: 'Records written',
        description: 'Into tables, by topic.',
        queries: [promql(`sum by (topic) (rate(passerby_aggregator_records_total${AFTER}))`, '{{topic}}')],
        empty: 'no record yet',
        unit: 'ops',
        width: 8,
      }),
      overTime({
        title: 'Snapshots',
        description: 'Motions that are over, by what became of their picture.',
        queries: [promql(`sum by (outcome) (rate(passerby_snapshots_total${AFTER}))`, '{{outcome}}')],
        empty: 'no motion is over yet',
        unit: 'ops',
        width: 8,
      }),
      overTime({
        title: 'Rebalances',
        description: 'Partitions taken: at a start, after trouble, and when they move between processors.',
        queries: [promql(`sum by (lane) (increase(passerby_processor_partitions_taken_total${AFTER}))`, '{{lane}}')],
        empty: 'no partition was taken',
        unit: 'short',
        width: 8,
        as: 'bars',
      }),
    ],
    'What fails': [
      overTime({
        title: 'Retries',
        description: 'Attempts at frames that failed, not counting outages, by why; and frames that were given up.',
        queries: [
          promql(`sum by (code) (increase(passerby_processor_retries_total${AFTER}))`, '{{code}}'),
          promql(`sum by (code) (increase(passerby_processor_given_up_total${AFTER}))`, 'given up: {{code}}', 'B'),
        ],
        empty: 'nothing was tried again',
        unit: 'short',
        width: 8,
        as: 'bars',
      }),
      overTime({
        title: 'Records put off, and partitions that wait',
        description:
          'Read, and kept for a later batch; and partitions that stand still because most of their frames would become dead letters.',
        queries: [
          promql('sum by (lane) (passerby_processor_put_off_records)', 'put off, {{lane}}'),
          promql('sum by (lane) (passerby_processor_flooded)', 'partitions, {{lane}}', 'B'),
        ],
        empty: 'no processor yet',
        unit: 'short',
        width: 8,
      }),
      overTime({
        title: 'Dead letters',
        description: 'As they are written.',
        queries: [
          promql(`sum(increase(passerby_aggregator_records_total{topic="dead-letters"}${AFTER}))`, 'dead letters'),
        ],
        empty: 'none yet',
        unit: 'short',
        width: 8,
        as: 'bars',
      }),
      rows({
        title: 'Open dead letters',
        description: 'Neither redriven nor discarded, whatever the time that is shown.',
        queries: [sql('pipeline/open-letters')],
        empty: '',
        width: 8,
        columns: {
          code: { title: 'Code' },
          letters: { title: 'Letters', width: 80 },
          oldest: { title: 'Oldest', unit: 'dateTimeAsLocal', width: 170 },
        },
      }),
      rows({
        title: 'Newest dead letters',
        description: 'Records that could not be dealt with, and why; the newest fifty of this time.',
        queries: [sql('pipeline/letters')],
        empty: '',
        width: 16,
        columns: {
          recorded_at: { title: 'At', unit: 'dateTimeAsLocal', width: 170 },
          topic: { title: 'Topic', width: 110 },
          device_id: { title: 'Device', width: 120 },
          state: { title: 'State', width: 90, colours: { open: 'red', redriven: 'blue', discarded: 'text' } },
          code: { title: 'Code', width: 150 },
          message: { title: 'Message' },
          attempts: { title: 'Attempts', width: 80 },
        },
      }),
    ],
    'What it stands on': [
      overTime({
        title: 'Free on disks',
        description: 'Of the database, of the pictures and of the host, as far as each is known.',
        queries: [promql('max by (disk) (passerby_disk_free_bytes)', '{{disk}}')],
        empty: 'no disk is known',
        unit: 'bytes',
        width: 8,
      }),
      overTime({
        title: 'Disks, how full',
        description: 'Frames are turned away before one is full.',
        queries: [promql('1 - min by (disk) (passerby_disk_free_bytes / passerby_disk_total_bytes)', '{{disk}}')],
        empty: 'no disk is known',
        unit: 'percentunit',
        width: 8,
        max: 1,
      }),
      overTime({
        title: 'Oldest of what is kept, of what may be',
        description: 'Above 100 % something is kept longer than it should be: retention is late.',
        queries: [
          promql('max by (class) (passerby_retention_oldest_seconds / passerby_retention_limit_seconds)', '{{class}}'),
        ],
        empty: 'nothing is kept yet',
        unit: 'percentunit',
        width: 8,
      }),
      figure({
        title: 'Database',
        description: 'With indexes and all.',
        queries: [sql('pipeline/database')],
        empty: 'not known',
        unit: 'bytes',
        width: 8,
        height: 8,
      }),
      rows({
        title: 'Largest tables',
        description: 'With their indexes.',
        queries: [sql('pipeline/tables')],
        empty: '',
        width: 8,
        height: 8,
        columns: { table: { title: 'Table' }, bytes: { title: 'Takes', unit: 'bytes', width: 110 } },
      }),
      overTime({
        title: 'Memory of services',
        description: 'Resident.',
        queries: [promql(`sum by (job, instance) (process_resident_memory_bytes{${OURS}})`, '{{job}} {{instance}}')],
        empty: 'Prometheus asks nobody',
        unit: 'bytes',
        width: 8,
      }),
      overTime({
        title: 'What the daily check found',
        description:
          'Rows, pictures and records of the log that do not agree, by kind, as of the last check of a process, and not repaired; npm run check tells more.',
        queries: [promql('max by (kind) (passerby_check_findings)', '{{kind}}')],
        empty: 'no check since the start',
        unit: 'short',
        width: 16,
      }),
      figure({
        title: 'Last check',
        description: 'Rows, pictures and the log are compared once a day.',
        queries: [promqlNow('time() - max(passerby_check_last_run_timestamp_seconds)', 'ago')],
        empty: 'none yet',
        unit: 's',
        width: 8,
        height: 8,
        thresholds: [
          { color: 'green', value: null },
          { color: 'red', value: 172_800 },
        ],
      }),
    ],
  },
});
