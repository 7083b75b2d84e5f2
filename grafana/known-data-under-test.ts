import type { AggregatorRig } from '../aggregator/rig-under-test.ts';
import { derivedId } from '../schemas/identity.ts';
import { event, letter, NOW_MS } from '../schemas/records-under-test.ts';
import type { Event } from '../schemas/types.ts';
import type { Given } from './expand-query.ts';

/** Two sites' cameras, one of nowhere, and a day of which every figure can be counted by hand. It ends at noon, a Friday. */
const BERLIN = '00000000-0000-4000-8000-0000000000b1';
export const PUNE = '00000000-0000-4000-8000-0000000000b2';
const OWNER = '00000000-0000-4000-8000-00000000000a';
const DAY_MS = 86_400_000;
const at = (time: string) => Date.parse(`${time}Z`);

/** Everything; what is chosen of each variable is what its own query answers then. */
export const all: Given = {
  fromMs: NOW_MS - DAY_MS,
  toMs: NOW_MS,
  intervalMs: 3_600_000,
  chosen: {
    site: [BERLIN, PUNE, 'none'],
    device: ['door', 'hall', 'yard', "o'clock"],
    zone: ['till', 'shelf', 'desk'],
    type: ['visit', 'zone_entered', 'motion', 'crowd', 'device_offline', 'device_online'],
  },
};
/** One of each, in another rhythm. */
export const few: Given = {
  ...all,
  intervalMs: 21_600_000,
  chosen: { site: [BERLIN], device: ['door'], zone: ['shelf'], type: ['visit', 'crowd'] },
};
/** What is asked where there is nothing yet: of each list the one choice that says so. */
export const nothing: Given = {
  ...all,
  chosen: { site: ['none'], device: ['no device'], zone: ['no zone'], type: ['no event'] },
};
/** And if Grafana has not even that, as while a list is looked for. */
export const unlisted: Given = { ...all, chosen: { site: [], device: [], zone: [], type: [] } };

/** Who, where, when, for how long: null while it lasts. */
const stays: readonly (readonly [string, string, string, number | null])[] = [
  ['P1', 'door', '2026-05-01T10:10', 30],
  ['P1', 'door', '2026-05-01T10:40', 90],
  ['P2', 'door', '2026-05-01T11:30', 600],
  ['P3', 'door', '2026-05-01T11:50', null],
  ['P4', 'hall', '2026-05-01T09:00', 45],
  ['P5', 'yard', '2026-04-30T20:00', 7_200],
  // Before the day; the second one is there when it begins.
  ['P1', 'door', '2026-04-20T10:00', 10],
  ['P6', 'hall', '2026-04-30T11:00', 7_200],
];
const zones: readonly (readonly [string, string, string, string, number | null])[] = [
  ['P1', 'door', 'till', '2026-05-01T10:10:05', 20],
  ['P2', 'door', 'till', '2026-05-01T11:30:10', 300],
  ['P3', 'door', 'shelf', '2026-05-01T11:50:30', null],
  ['P4', 'hall', 'shelf', '2026-05-01T09:00:10', 10],
];

const visit = ([person_id, device_id, began, seconds]: (typeof stays)[number]): Event => {
  const occurred_at = at(began);
  const dwell_ms = (seconds ?? 5) * 1_000;
  return event(`${person_id} ${began}`, {
    type: 'visit',
    device_id,
    occurred_at,
    ended_at: seconds === null ? null : occurred_at + dwell_ms,
    payload: {
      kind: 'Visit',
      person_id,
      state: seconds === null ? 'updated' : 'closed',
      dwell_ms,
      dwell_min_ms: dwell_ms,
      dwell_max_ms: dwell_ms,
      last_seen_at: occurred_at + dwell_ms,
      track_id: null,
      sightings: 3,
      confidence: 0.5,
      box: null,
    },
  });
};

const entry = ([person_id, device_id, zone_id, began, seconds]: (typeof zones)[number]): Event =>
  event(`${person_id} ${zone_id} ${began}`, {
    type: 'zone_entered',
    device_id,
    occurred_at: at(began),
    ended_at: seconds === null ? null : at(began) + seconds * 1_000,
    payload: {
      kind: 'ZoneChange',
      zone_id,
      zone_name: zone_id === 'shelf' ? '' : 'Till',
      person_id,
      stay_ms: null,
      box: null,
    },
  });

const others: readonly Event[] = [
  event('crowd', {
    type: 'crowd',
    device_id: 'door',
    occurred_at: at('2026-05-01T11:40'),
    ended_at: at('2026-05-01T11:45'),
    payload: { kind: 'Crowd', zone_id: null, zone_name: null, people: 4, lasted_ms: 300_000 },
  }),
  event('crowd at the shelf', {
    type: 'crowd',
    device_id: 'door',
    occurred_at: at('2026-05-01T11:41'),
    payload: { kind: 'Crowd', zone_id: 'shelf', zone_name: 'Shelf', people: 3, lasted_ms: 1 },
  }),
  event('motion', { device_id: 'hall', occurred_at: at('2026-05-01T08:00'), ended_at: at('2026-05-01T08:00:04') }),
  event('silence', {
    type: 'device_offline',
    device_id: 'yard',
    occurred_at: at('2026-05-01T07:00'),
    payload: { kind: 'Other', data_json: '{}' },
  }),
  event('an earlier silence', {
    type: 'device_offline',
    device_id: 'hall',
    occurred_at: at('2026-05-01T02:00'),
    ended_at: at('2026-05-01T03:00'),
    payload: { kind: 'Other', data_json: '{}' },
  }),
  event('its end', {
    type: 'device_online',
    device_id: 'hall',
    occurred_at: at('2026-05-01T03:00'),
    payload: { kind: 'Other', data_json: '{}' },
  }),
  // Comes in the moment in which P2 goes: never are two there.
  entry(['P3', 'door', 'till', '2026-05-01T11:35:10', 40]),
  // While P2 is in another zone of that name.
  entry(['P4', 'door', 'desk', '2026-05-01T11:32:00', 60]),
];

/** Seqs 10 to 29 of the door, less 12 to 14 and 20, of which it gave up 12, 13 and 40. */
const bits = Array.from({ length: 4_096 }, (_, seq) =>
  Number(seq >= 10 && seq < 30 && ![12, 13, 14, 20].includes(seq)),
);

const places = `
  insert into users (id, username, password_hash, role) values ('${OWNER}', 'owner', '', 'operator');
  insert into sites (id, owner_id, name, time_zone, created_at) values
    ('${BERLIN}', '${OWNER}', 'Berlin', 'Europe/Berlin', '2026-01-01'),
    ('${PUNE}', '${OWNER}', 'Pune', 'Asia/Kolkata', '2026-01-01');
  insert into devices (id, name, site_id, created_at, activated_at, last_seen_at, silent_since, heard_again_at, revoked_at, deleted_at, capture_mode, firmware_version, next_upload_seq) values
    ('door', 'Front door', '${BERLIN}', '2026-01-01', '2026-01-02', '2026-05-01T11:59:00Z', '2026-05-01T03:00Z', '2026-05-01T04:00Z', null, null, 'burst', null, 1),
    ('hall', '', '${PUNE}', '2026-01-01', '2026-01-02', '2026-05-01T11:58:00Z', null, null, null, null, 'baseline', '1.0', 6),
    ('yard', null, null, '2026-01-01', '2026-01-02', '2026-05-01T06:00:00Z', '2026-05-01T07:00Z', null, null, null, null, null, 1),
    ('o''clock', null, '${BERLIN}', '2026-01-01', null, null, null, null, null, null, null, null, 1),
    ('sold', null, '${BERLIN}', '2026-01-01', '2026-01-02', null, null, null, '2026-02-01', '2026-02-02', null, null, 1);
  insert into device_heartbeats (device_id, received_at, uptime_s, ntp_synced, rssi, free_heap, sd_free_bytes, battery_mv, temperature_c, fw_version, last_error, extra_json, queue_depth, queue_epoch) values
    ('door', '2026-05-01T11:59:00Z', 3600, true, -61, 90000, 2000000000, 3900, 41.5, '1.2', null, '{}', 5, 1),
    ('hall', '2026-05-01T11:58:00Z', 60, false, -83, 15000, null, null, null, null, 'no card', '{}', null, null),
    ('yard', '2026-05-01T06:00:00Z', null, null, null, null, null, null, null, null, null, '{}', null, null);
  insert into config_versions (device_id, version, settings, created_at) values
    ('door', 1, '{"zones":[{"id":"till","name":"Desk"}]}', '2026-04-20T10:00:00Z'),
    ('door', 2, '{"zones":[{"id":"till","name":"Till"},{"id":"shelf","name":""},{"id":"desk","name":"Till"}]}', '2026-05-01T08:30:00Z'),
    ('hall', 1, '{"zones":[{"id":"shelf"}]}', '2026-04-30T18:00:00Z'),
    ('yard', 1, '{"zones":"none"}', '2026-04-01T18:00:00Z');
  insert into seq_blocks (device_id, epoch, block, bits) values
    ('door', 1, 0, '${bits.join('')}'),
    ('hall', 0, 0, '${'011101'.padEnd(4_096, '0')}');
  insert into ledger_hours (device_id, epoch, hour, received, last_seq) values
    ('door', 1, '2026-04-30T10:00:00Z', 2, 11),
    ('door', 1, '2026-05-01T10:00:00Z', 5, 19),
    ('door', 1, '2026-05-01T11:00:00Z', 9, 29),
    ('hall', 0, '2026-05-01T11:00:00Z', 4, 5);
  insert into dropped_ranges (device_id, epoch, from_seq, to_seq) values ('door', 1, 12, 13), ('door', 1, 40, 40);
  insert into ingest_outcomes (minute, device_id, code, status, count) values
    ('2026-05-01T11:00:00Z', 'door', 'queued', 202, 300),
    ('2026-05-01T11:01:00Z', 'door', 'duplicate', 200, 3),
    ('2026-05-01T10:00:00Z', 'hall', 'bad-jpeg', 400, 2),
    ('2026-05-01T11:01:00Z', 'hall', 'unavailable', 503, 1),
    ('2026-05-01T11:01:00Z', null, 'unauthorized', 401, 7);
`;

/** Writes it as the aggregator would, and tells of one motion that it has its picture. */
export async function writeKnownData(rig: AggregatorRig, run: (text: string) => Promise<unknown>): Promise<void> {
  await run(places);
  await rig.append('events', 'event', ...stays.map(visit), ...zones.map(entry), ...others);
  await rig.append(
    'dead-letters',
    'dead-letter',
    letter(1, { device_id: 'door', recorded_at: at('2026-05-01T09:30') }),
    letter(2, { device_id: 'hall', recorded_at: at('2026-05-01T09:40'), code: 'unknown-schema', message: 'id 99' }),
    letter(3, { device_id: 'door', recorded_at: at('2026-03-01T09:40') }),
  );
  await rig.drain();
  await run(`update dead_letters set state = 'discarded' where code = 'unknown-schema'`);
  await run(`update events set snapshot_path = 'snapshots/hall/1.png' where id = '${derivedId('test', 'motion')}'`);
}
