import { hash } from 'node:crypto';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import sharp from 'sharp';
import { readConfig } from '../../http/read-config.ts';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { createManualClock, type ManualClock } from '../../ports/clock/manual.ts';
import type { Log } from '../../ports/log/log.ts';
import type { DatabaseUnderTest } from '../../ports/store/database-under-test.ts';
import { type ServicesUnderTest, startServices } from '../../ports/store/services-under-test.ts';
import type { Store } from '../../ports/store/store.ts';
import { fixedCodec } from '../../schemas/codec.ts';
import { frameId } from '../../schemas/identity.ts';
import { logTopics } from '../../schemas/topics.ts';
import type { Event } from '../../schemas/types.ts';
import { readBatch } from '../read-record.ts';
import { wrongSumsOfDays } from '../sums-of-days-under-test.ts';
import { createWriters } from '../writers.ts';
import { classes } from './classes.ts';
import { type RetentionConfig, retentionConfig } from './config.ts';
import { createRetention } from './retention.ts';

export const NOON_MS = Date.UTC(2026, 4, 1, 12);
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

interface FrameSaid {
  readonly device?: string;
  readonly atMs?: number;
  readonly receivedMs?: number;
  readonly state?: string;
  readonly lane?: string;
  /** Otherwise so many bytes that are none. */
  readonly picture?: Buffer;
}

interface MotionSaid {
  readonly device?: string;
  readonly atMs?: number;
  readonly endedMs?: number | null;
  readonly drawn?: boolean;
  readonly type?: string;
  readonly lane?: string;
  /** When the frame was taken that it names. */
  readonly frameAtMs?: number;
}

interface LastingSaid {
  readonly device?: string;
  readonly atMs?: number;
  readonly lastMs?: number;
}

interface RunOptions {
  readonly config?: Partial<RetentionConfig>;
  /** What it is to do otherwise. */
  readonly blobs?: Partial<Blobs>;
  readonly store?: Store;
  /** How far behind the readers of events are. */
  readonly lateMs?: number;
  readonly signal?: AbortSignal;
}

export interface RetentionRig {
  readonly services: ServicesUnderTest;
  readonly clock: ManualClock;
  readonly blobs: Blobs;
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Of all that may expire; it is noon again. */
  empty(): Promise<void>;
  countOf(table: string): Promise<number>;
  // biome-ignore lint/suspicious/noExplicitAny: what a receipt has, the expectations say.
  newestRun(): Promise<any>;
  /** A frame with its picture, its claim and its capture; answers its seq. */
  addFrame(said?: FrameSaid): Promise<number>;
  addMotion(said?: MotionSaid): Promise<string>;
  /** As the aggregator writes what it reads. */
  tell(...events: readonly Event[]): Promise<void>;
  /** Of two frames in which nothing was. */
  addObservation(said?: LastingSaid): Promise<void>;
  addVisit(said?: LastingSaid): Promise<void>;
  addLetter(seq: number, said?: { readonly device?: string }): Promise<void>;
  setOwn(device: string, retention: object): Promise<void>;
  /** A process; each of its runs is as if the last were long ago. */
  open(options?: RunOptions): { run(): Promise<Registry> };
  /** The only run of a process. */
  run(options?: RunOptions): Promise<Registry>;
  /** The seqs of a device that have a capture, and of these, those that have their picture. */
  capturesOf(device?: string): Promise<{ readonly seqs: readonly number[]; readonly pictures: readonly number[] }>;
  keys(prefix?: string): Promise<readonly string[]>;
  /** Blobs that no row names, names of blobs that are not there, and days with other numbers of events than is said. */
  unmatched(): Promise<readonly string[]>;
}

/** A picture with something on it, which never looks other than the last time. */
export function jpegUnderTest({ width, height }: { readonly width: number; readonly height: number }): Promise<Buffer> {
  const channels = 3;
  const pixels = Buffer.alloc(width * height * channels);
  for (let at = 0, noise = 1; at < pixels.length; at++) {
    noise = (noise * 16_807) % 2_147_483_647;
    pixels[at] = 96 + (noise % 64) + (Math.floor(at / (channels * 40)) % 2) * 64;
  }
  return sharp(pixels, { raw: { width, height, channels } }).jpeg({ quality: 90 }).toBuffer();
}

/** The real database and files, with as much in them as retention looks at. */
export async function startRetentionRig(database?: () => Promise<DatabaseUnderTest>): Promise<RetentionRig> {
  const services = await startServices({
    migrations: new URL('../migrations/', import.meta.url),
    topics: logTopics,
    ...(database && { database }),
  });
  const clock = createManualClock(NOON_MS);
  const blobs = services.openBlobs();
  const { store } = services;
  const writers = createWriters({ codec: fixedCodec, clock });
  let seqs = 0;

  const query: RetentionRig['query'] = (text, values = []) =>
    store.run({ name: `test-${text.length}-${text.replace(/\W+/g, '').slice(-40)}`, text }, values);
  const enrol = (device: string) =>
    query('insert into devices (id, created_at) values ($1, $2) on conflict do nothing', [device, new Date(NOON_MS)]);

  const rig: RetentionRig = {
    services,
    clock,
    blobs,
    query,

    async empty() {
      const tables = classes.flatMap(({ tables }) => tables);
      await query(`truncate ${[...tables, 'expired_blobs', 'rollups_kept_until'].join(', ')} cascade`);
      await query("update devices set retention = '{}', silent_since = null");
      for (const key of await rig.keys()) await blobs.delete(key);
      clock.advance(NOON_MS - clock.nowMs());
    },

    async countOf(table) {
      return (await query<{ rows: number }>(`select count(*) as rows from ${table}`))[0]?.rows ?? 0;
    },

    async newestRun() {
      const [run] = await query(
        'select classes, settings, blobs_left, blobs_error, downscaled from retention_runs order by number desc limit 1',
      );
      return run;
    },

    async addFrame(said = {}) {
      const { device = 'cam', atMs = clock.nowMs(), receivedMs = atMs, state = 'done', lane = 'live' } = said;
      await enrol(device);
      const seq = ++seqs;
      const key = `devices/${device}/2026/05/01/frame-1-${seq}.jpg`;
      const picture = said.picture ?? Buffer.alloc(100 + seq);
      await blobs.put(key, picture);
      const [at, received] = [new Date(atMs), new Date(receivedMs)];
      await query(
        `insert into frame_claims (device_id, epoch, seq, digest, captured_at, time_quality, lane, received_at, lease_until, confirmed)
         values ($1, 1, $2, '\\x00', $3, 'ntp', $4, $5, $5, true)`,
        [device, seq, at, lane, received],
      );
      await query(
        `insert into captures (frame_id, captured_at, device_id, epoch, seq, lane, received_at, blob_key, size_bytes, sha256, state)
         values ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10)`,
        [
          frameId(device, 1, seq),
          at,
          device,
          seq,
          lane,
          received,
          key,
          picture.length,
          hash('sha256', picture, 'buffer'),
          state,
        ],
      );
      return seq;
    },

    async addMotion(said = {}) {
      const { device = 'cam', atMs = clock.nowMs(), endedMs = atMs, drawn = false } = said;
      const { type = 'motion', lane = 'live' } = said;
      await enrol(device);
      const key = `snapshots/${device}/2026-05-01/${type}_${atMs}.png`;
      if (drawn) await blobs.put(key, Buffer.alloc(1_000));
      const [row] = await query<{ id: string }>(
        `with counted as (
           insert into event_days (device_id, type, day, events) values ($4, $3, ($1::timestamptz at time zone 'UTC')::date, 1)
           on conflict (device_id, type, day) do update set events = event_days.events + 1
         ),
         counted_months as (
           insert into event_months (device_id, type, month, events)
           values ($4, $3, month_of(($1::timestamptz at time zone 'UTC')::date), 1)
           on conflict (device_id, type, month) do update set events = event_months.events + 1
         )
         insert into events (id, occurred_at, ended_at, type, device_id, version, lane, config_version, data, created_at, snapshot_path)
         values (gen_random_uuid(), $1, $2, $3, $4, 1, $6, 0, '{}', $1, $5) returning id`,
        [new Date(atMs), endedMs === null ? null : new Date(endedMs), type, device, drawn ? key : null, lane],
      );
      const { frameAtMs } = said;
      if (frameAtMs !== undefined) {
        const named =
          'update events set frame_id = (select frame_id from captures where captured_at = $2) where id = $1';
        await query(named, [row?.id, new Date(frameAtMs)]);
      }
      return row?.id ?? '';
    },

    async tell(...events) {
      const records = events.map((event, at) => {
        const value = fixedCodec.encode('event', event);
        return { key: event.device_id, value, offset: BigInt(at), appendedAtMs: clock.nowMs() };
      });
      const batch = readBatch(fixedCodec, { topic: 'events', partition: 0, records });
      await store.transaction((transaction) => writers.events(transaction, batch));
    },

    async addObservation({ device = 'cam', atMs = clock.nowMs(), lastMs = atMs } = {}) {
      await query(
        `insert into observations (frame_id, captured_at, device_id, epoch, seq, lane, outcome, frames, last_seq, last_captured_at, config_version)
         values (gen_random_uuid(), $1, $2, 1, 1, 'live', 'skipped', 2, 2, $3, 0)`,
        [new Date(atMs), device, new Date(lastMs)],
      );
    },

    async addVisit({ device = 'cam', atMs = clock.nowMs(), lastMs = atMs } = {}) {
      await query(
        `insert into visits (id, opened_at, device_id, person_id, lane, source, state, ended_at, dwell_ms, config_version, version, created_at)
         values (gen_random_uuid(), $1, $2, 'p', 'live', 'camera', 'closed', $3, $4, 0, 1, $1)`,
        [new Date(atMs), device, new Date(lastMs), lastMs - atMs],
      );
    },

    async addLetter(seq, { device = 'cam' } = {}) {
      const now = new Date(clock.nowMs());
      await query(
        `insert into dead_letters (id, device_id, topic, partition, "offset", original_key, code, message, attempts, frame_id,
           recorded_at, created_at, failed_partition, failed_offset)
         values (gen_random_uuid(), $1, 'frames', 0, 0, $1, 'undecodable', 'a test', 1, $2, $3, $3, 0, 0)`,
        [device, frameId(device, 1, seq), now],
      );
    },

    async setOwn(device, retention) {
      await enrol(device);
      await query('update devices set retention = $2 where id = $1', [device, retention]);
    },

    open({ config = {}, lateMs = 0, signal = new AbortController().signal, blobs: other, ...given } = {}) {
      const metrics = new Registry();
      const lag: Log['lag'] = async () => [{ partition: 0, committed: 0n, records: 1n, ageMs: lateMs }];
      const settings = { ...readConfig(retentionConfig, {}), ...config };
      const logger = pino({ level: 'silent' });
      const retention = createRetention({
        store,
        blobs: { ...blobs, ...other },
        ...given,
        log: { lag },
        clock,
        logger,
        metrics,
        config: settings,
      });
      return {
        async run() {
          await query(
            "update retention_runs set finished_at = finished_at - interval '1 hour' where finished_at > $1",
            [new Date(clock.nowMs() - HOUR_MS)],
          );
          await retention.look(signal);
          return metrics;
        },
      };
    },

    run: (options) => rig.open(options).run(),

    async capturesOf(device = 'cam') {
      const rows = await query<{ seq: number; blob_key: string | null }>(
        'select seq, blob_key from captures where device_id = $1 order by seq',
        [device],
      );
      const withPicture = rows.filter(({ blob_key }) => blob_key !== null);
      return { seqs: rows.map(({ seq }) => seq), pictures: withPicture.map(({ seq }) => seq) };
    },

    async keys(prefix = '') {
      const keys: string[] = [];
      for await (const key of blobs.list(prefix)) keys.push(key);
      return keys;
    },

    async unmatched() {
      const rows = await query<{ key: string }>(
        `select blob_key as key from captures where blob_key is not null
         union all select snapshot_path from events where snapshot_path is not null
         union all select snapshot_path from deleted_events where snapshot_path is not null`,
      );
      const [named, there] = [new Set(rows.map(({ key }) => key)), new Set(await rig.keys())];
      return [
        ...[...named].filter((key) => !there.has(key)),
        ...[...there].filter((key) => !named.has(key)),
        ...(await wrongSumsOfDays(store)),
      ];
    },
  };
  return rig;
}
