import { readBatch } from '../../aggregator/read-record.ts';
import { withoutErased } from '../../aggregator/without-erased.ts';
import { writeDeadLetters } from '../../aggregator/write-dead-letters.ts';
import { createWriters } from '../../aggregator/writers.ts';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import type { ManualClock } from '../../ports/clock/manual.ts';
import type { ServicesUnderTest } from '../../ports/store/services-under-test.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import { deadLetterOf } from '../../schemas/dead-letter.ts';
import { derivedId, frameId } from '../../schemas/identity.ts';
import { event, frame, letter, NOW_MS, observation } from '../../schemas/records-under-test.ts';
import { snapshotKey } from '../../schemas/snapshot-key.ts';
import type { Event, RecordName, RecordTypes, Visit } from '../../schemas/types.ts';

/** A camera that has sent one of everything: rows in every table that knows of devices, and the blobs they name. */
export interface Camera {
  readonly device: string;
  readonly person: string;
  readonly other: string;
  readonly motion: Event;
}

const FRAMES = 30;
export const minutes = (count: number) => NOW_MS + count * 60_000;

export interface Written {
  write<Name extends RecordName>(topic: Topic, name: Name, ...values: readonly RecordTypes[Name][]): Promise<void>;
  /** Answers once the list has been asked, before anything is written: that is done, and committed, when it is told to. */
  writeSlowly<Name extends 'event' | 'frame'>(
    topic: Topic,
    name: Name,
    value: RecordTypes[Name],
  ): Promise<{ commit(): Promise<void> }>;
  poison(topic: Topic, key: string, bytes: Buffer): Promise<void>;
  /** What is in the log of it, and its pictures: rows of what was seen. */
  tell(device: string): Promise<Camera>;
  /** With a frame each minute, of which the person is in those from 10 to 12, and somebody else in those from 20 to 22. */
  fill(device: string): Promise<Camera>;
  /** Where in the tables, and among the blobs, something is that names it. */
  search(text: string): Promise<readonly string[]>;
}

type Topic = keyof ReturnType<typeof createWriters>;

/** Rows as the aggregator writes them. */
export function createWritten({ store }: Pick<ServicesUnderTest, 'store'>, blobs: Blobs, clock: ManualClock): Written {
  const writers = createWriters({ codec, clock });
  const offsets = { next: 0n };

  async function writeValues(
    topic: Topic,
    key: string,
    values: readonly Buffer[],
    onChecked: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    const records = values.map((value) => ({ key, value, offset: offsets.next++, appendedAtMs: NOW_MS }));
    await store.transaction(async (transaction) => {
      const batch = await withoutErased(transaction, readBatch(codec, { topic, partition: 0, records }));
      await onChecked();
      await writers[topic](transaction, batch);
      await writeDeadLetters(transaction, batch.poison, NOW_MS);
    });
  }

  const written: Written = {
    write: (topic, name, ...values) =>
      writeValues(
        topic,
        'device_id' in (values[0] ?? {}) ? String((values[0] as { device_id: unknown }).device_id) : 'key',
        values.map((value) => codec.encode(name, value)),
      ),
    async writeSlowly(topic, name, value) {
      let [onCommit, onChecked] = [() => {}, () => {}];
      const told = new Promise<void>((resolve) => {
        onCommit = resolve;
      });
      const checked = new Promise<void>((resolve) => {
        onChecked = resolve;
      });
      const writing = writeValues(topic, value.device_id, [codec.encode(name, value)], () => {
        onChecked();
        return told;
      });
      await Promise.race([checked, writing]);
      return {
        commit() {
          onCommit();
          return writing;
        },
      };
    },
    poison: (topic, key, bytes) => writeValues(topic, key, [bytes]),

    async tell(device) {
      const [person, other] = [derivedId('person', device), derivedId('other', device)];
      const frames = Array.from({ length: FRAMES }, (_, seq) => {
        const named = { device_id: device, frame_id: frameId(device, 1, seq), epoch: 1, captured_at: minutes(seq) };
        return frame(seq, { ...named, blob_key: `images/${device}/${seq}.jpg` });
      });
      await Promise.all(frames.map(({ blob_key }) => blobs.put(blob_key, Buffer.from(`a picture of ${device}`))));
      await written.write('frames', 'frame', ...frames);
      const seen = frames.map(({ seq, device_id, frame_id, epoch, captured_at }) =>
        observation(seq, { device_id, frame_id, epoch, captured_at }),
      );
      await written.write('observations', 'observation', ...seen);
      await written.write('events', 'event', ...eventsOf(device, person, 10), ...eventsOf(device, other, 20));
      const span = { occurred_at: minutes(11), ended_at: minutes(12) };
      const motion = event(`motion of ${device}`, { device_id: device, ...span });
      await written.write('events', 'event', motion);
      await blobs.put(snapshotKey(motion), Buffer.from('a drawing'));
      await run('update events set snapshot_path = $2 where id = $1', motion.event_id, snapshotKey(motion));
      await written.write('dead-letters', 'dead-letter', deadLetterAt(device, 11), deadLetterAt(device, 15));
      // A record that says nothing that can be read, and names somebody.
      await written.poison('events', device, Buffer.concat([Buffer.from([0, 0, 0, 0, 99]), Buffer.from(person)]));
      return { device, person, other, motion };
    },

    async fill(device) {
      for (const statement of DEVICE_ROWS) await run(statement, device, at(0));
      return written.tell(device);
    },

    async search(text) {
      const tables = await store.run<{ name: string }>({ name: 'all-tables', text: ALL_TABLES });
      const found: string[] = [];
      for (const { name } of tables) {
        const bytes = Buffer.from(text).toString('hex');
        // As text, as bytes of text, and as bytes of a UUID.
        const forms = [text, bytes, text.replaceAll('-', '')];
        const query = `select count(*) as hits from ${name} as one where one::text ~* $1`;
        const [row] = await store.run<{ hits: number }>({ name: `search-${name}`, text: query }, [forms.join('|')]);
        if ((row?.hits ?? 0) > 0) found.push(name);
      }
      for await (const key of blobs.list('')) {
        const bytes = await blobs.get(key);
        if (key.includes(text) || bytes?.includes(text)) found.push(key);
      }
      return found.sort();
    },
  };
  return written;

  async function run(text: string, ...values: readonly unknown[]): Promise<void> {
    await store.run({ name: derivedId('test', text), text }, values);
  }
}

function at(minute: number): Date {
  return new Date(minutes(minute));
}

/** That somebody was there from one minute until another. */
export function visitOf(
  { device, person }: Pick<Camera, 'device' | 'person'>,
  { from, to, version = 1 }: { readonly from: number; readonly to: number; readonly version?: number },
): Event {
  const ms = (to - from) * 60_000;
  const visit: Visit = {
    kind: 'Visit',
    person_id: person,
    state: 'closed',
    dwell_ms: ms,
    dwell_min_ms: ms,
    dwell_max_ms: ms,
    last_seen_at: minutes(to),
    track_id: derivedId('track', person),
    sightings: 3,
    confidence: 0.9,
    box: null,
  };
  const span = { occurred_at: minutes(from), ended_at: minutes(to) };
  return event(`visit of ${person} at ${from}`, { device_id: device, type: 'visit', version, ...span, payload: visit });
}

/** A visit of two minutes, with a zone entered and left. */
function eventsOf(device: string, person_id: string, minute: number): readonly Event[] {
  const of = { device_id: device, occurred_at: minutes(minute), ended_at: minutes(minute + 2) };
  const zone = {
    kind: 'ZoneChange',
    zone_id: 'door',
    zone_name: 'Door',
    person_id,
    stay_ms: 120_000,
    box: null,
  } as const;
  return [
    visitOf({ device, person: person_id }, { from: minute, to: minute + 2 }),
    event(`entered by ${person_id}`, { ...of, type: 'zone_entered', payload: zone }),
    event(`left by ${person_id}`, {
      ...{ device_id: device, occurred_at: minutes(minute + 2), ended_at: null },
      ...{ type: 'zone_left', payload: zone },
    }),
  ];
}

function deadLetterAt(device: string, minute: number) {
  const dead = frame(minute, { device_id: device, captured_at: minutes(minute), frame_id: frameId(device, 1, minute) });
  const record = { offset: BigInt(minute), key: device, value: codec.encode('frame', dead), appendedAtMs: minutes(29) };
  return letter(
    minute,
    deadLetterOf(record, { topic: 'frames', partition: 0, code: 'undecodable', message: 'no JPEG', frame: dead }),
  );
}

/** For each table that no record makes rows of. */
const DEVICE_ROWS: readonly string[] = [
  // Of ten hours ago, and of the one before: what is kept of rows that have expired.
  ...[
    'visits_hourly_kept (device_id, hour, visits, closed, dwell_ms)',
    'zones_hourly_kept (device_id, hour, zone_id, entered, ended, stay_ms)',
    'crowds_hourly_kept (device_id, hour, zone_id, crowds, ended, lasted_ms)',
  ].map(
    (table) =>
      `insert into ${table} select $1, date_trunc('hour', $2::timestamptz) - hours * interval '1 hour', ${table.includes('zone_id') ? "'door'" : '1'}, 1, 1${table.includes('zone_id') ? ', 1' : ''}
       from generate_series(10, 11) as hours`,
  ),
  `insert into rollups_kept_until (rollup, device_id, until)
   select rollup, $1, $2::timestamptz - interval '9 hours' from unnest(array['visits_hourly', 'zones_hourly', 'crowds_hourly']) as rollup`,
  `insert into event_counts (device_id, type, hour, count)
   select $1, 'motion', date_trunc('hour', $2::timestamptz) - hours * interval '1 hour', 5 from generate_series(10, 11) as hours`,
  // Somebody who came and has not left, so that days have rows too.
  `insert into occupancy_changes (event_id, delta, at, device_id, zone_id) values (gen_random_uuid(), 1, $2, $1, '')`,
  `insert into deleted_events (id, device_id, during, deleted_at) values (gen_random_uuid(), $1, tstzrange($2, $2, '[]'), $2)`,
  `insert into devices (id, created_at, name) values ($1, $2, $1)`,
  `insert into frame_claims (device_id, epoch, seq, digest, captured_at, time_quality, lane, received_at, lease_until)
   select $1, 1, seq, '\\x00', $2::timestamptz + seq * interval '1 min', 'ntp', 'live', $2, $2
   from generate_series(0, 29) as seq`,
  `insert into ledger_duplicates (device_id, epoch, hour, duplicates) values ($1, 1, $2, 1)`,
  `insert into dropped_ranges (device_id, epoch, from_seq, to_seq) select $1, 1, 100, 200 where $2::timestamptz is not null`,
  `insert into device_boots (device_id, boot_id, booted_at, synchronised) values ($1, 'b', $2, true)`,
  `insert into device_heartbeats (device_id, received_at, extra_json) values ($1, $2, '{}')`,
  `insert into config_versions (device_id, version, settings, created_at, published_at) values ($1, 1, '{}', $2, $2)`,
  `insert into seen_signatures (device_id, signature, forget_at) values ($1, '\\x01', $2)`,
  `insert into pairings (device_id, selector, secret_digest, created_at, expires_at) values ($1, $1, '\\x02', $2, $2)`,
  `insert into ingest_outcomes (minute, device_id, code, status, count) values ($2, $1, 'queued', 202, 1)`,
];

const ALL_TABLES = `
  select quote_ident(table_schema) || '.' || quote_ident(table_name) as name
  from information_schema.tables
  where table_schema in ('public', 'log') and table_type = 'BASE TABLE'
  order by 1`;
