import { board, configurations, starts } from './board.ts';
import { TO_EVENTS } from './links.ts';
import { figure, gauges, overTime, rows } from './panels.ts';
import { promql, sql } from './queries.ts';

const TOLD = 'As of its last heartbeat.';

/** How the cameras do. */
export const devices = board({
  uid: 'passerby-devices',
  title: 'devices',
  description: 'How the cameras do, and what of their frames is missing.',
  from: 'now-24h',
  refresh: '1m',
  variables: ['site', 'device'],
  annotations: [configurations(), starts()],
  panels: {
    Now: [
      figure({
        title: 'Devices',
        description: 'Offline is who has been silent for three times as long as may be.',
        queries: [sql('devices/states')],
        empty: '0',
        unit: 'short',
        width: 16,
      }),
      figure({
        title: 'Clocks',
        description: `Whose clock is set by NTP: of frames of a clock that is not, times are guessed. ${TOLD}`,
        queries: [sql('devices/clocks')],
        empty: 'no heartbeat yet',
        unit: 'short',
        width: 8,
        perRow: true,
      }),
      rows({
        title: 'Devices, one by one',
        description: 'What each said last of itself. A name leads to its events.',
        queries: [sql('devices/devices')],
        empty: '',
        width: 24,
        columns: {
          name: { title: 'Device', width: 130, link: { title: 'Events of this camera', url: TO_EVENTS } },
          site: { title: 'Site', width: 110 },
          state: {
            title: 'State',
            width: 85,
            colours: { online: 'green', offline: 'red', revoked: 'orange', 'not set up': 'blue' },
          },
          last_seen: { title: 'Last seen', unit: 'dateTimeFromNow', width: 115 },
          mode: { title: 'Mode', width: 75 },
          clock: { title: 'Clock', width: 75, colours: { set: 'green', 'not set': 'orange' } },
          signal_dbm: { title: 'Signal', unit: 'dBm', width: 75 },
          free_heap_bytes: { title: 'Free heap', unit: 'bytes', width: 95 },
          card_free_bytes: { title: 'Card free', unit: 'bytes', width: 85 },
          battery_mv: { title: 'Battery', unit: 'mvolt', width: 75 },
          temperature_c: { title: 'Heat', unit: 'celsius', width: 65 },
          uptime_s: { title: 'Up for', unit: 's', width: 95 },
          waiting_frames: { title: 'Waiting', unit: 'short', width: 70 },
          firmware: { title: 'Firmware', width: 85 },
          configuration: { title: 'Config', width: 65 },
          last_error: { title: 'Last error' },
          device: { hidden: true },
        },
      }),
    ],
    Silence: [
      overTime({
        title: 'Not heard for',
        description: 'Since a device was last heard, or was activated.',
        queries: [promql('max by (device) (passerby_device_last_seen_seconds{device=~"$device"})', '{{device}}')],
        empty: 'no device is set up',
        unit: 's',
        width: 12,
      }),
      rows({
        title: 'Silences',
        description: 'When devices fell silent and when they were heard again; the newest fifty of this time.',
        queries: [sql('devices/silences')],
        empty: '',
        width: 12,
        height: 8,
        columns: {
          at: { title: 'At', unit: 'dateTimeAsLocal', width: 170 },
          camera: { title: 'Device' },
          what: { title: 'Was', colours: { offline: 'red', 'online again': 'green' }, width: 110 },
          lasted_s: { title: 'For', unit: 's', width: 110 },
        },
      }),
    ],
    Hardware: [
      gauges({
        title: 'Signal',
        description: `RSSI; below -80 dBm uploads begin to fail. ${TOLD}`,
        queries: [sql('devices/signal')],
        empty: 'no device tells its signal',
        unit: 'dBm',
        width: 8,
        min: -100,
        max: -30,
        thresholds: [
          { color: 'red', value: null },
          { color: 'orange', value: -80 },
          { color: 'green', value: -70 },
        ],
      }),
      gauges({
        title: 'Free heap',
        description: TOLD,
        queries: [sql('devices/heap')],
        empty: 'no device tells its heap',
        unit: 'bytes',
        width: 8,
        min: 0,
        thresholds: [
          { color: 'red', value: null },
          { color: 'green', value: 20_480 },
        ],
      }),
      gauges({
        title: 'Free on the card',
        description: `Where frames wait while the network is away. ${TOLD}`,
        queries: [sql('devices/card')],
        empty: 'no device has a card',
        unit: 'bytes',
        width: 8,
        min: 0,
        thresholds: [
          { color: 'red', value: null },
          { color: 'green', value: 67_108_864 },
        ],
      }),
    ],
    Frames: [
      rows({
        title: 'Ledger',
        description:
          'Of the seqs that these hours issued: what came, what the device gave up, what still waits on it, and what nobody explains. Below nothing, frames came that an earlier hour had missed.',
        queries: [sql('devices/ledger')],
        empty: '',
        width: 24,
        height: 7,
        columns: {
          device: { title: 'Device' },
          issued: { title: 'Issued' },
          received: { title: 'Received' },
          given_up: { title: 'Given up' },
          waiting: { title: 'Waiting on the device' },
          unexplained: { title: 'Unexplained', redFrom: 1 },
        },
      }),
      overTime({
        title: 'Frames received',
        description: 'By the hour in which they were taken, however late they came.',
        queries: [sql('devices/received', 'time_series')],
        empty: 'no frame in this time',
        unit: 'short',
        width: 12,
        interval: '1h',
      }),
      overTime({
        title: 'What devices were answered',
        description: 'Uploads taken, sent again, refused, and not taken just now; kept for a week.',
        queries: [sql('devices/outcomes', 'time_series')],
        empty: 'no upload in this time',
        unit: 'short',
        width: 12,
        interval: '1m',
        as: 'stacked bars',
      }),
    ],
  },
});
