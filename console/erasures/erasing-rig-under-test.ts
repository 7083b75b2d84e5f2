import { expect } from 'vitest';
import { createManualClock } from '../../ports/clock/manual.ts';
import type { PostgresLog } from '../../ports/log/postgres.ts';
import { startDatabase } from '../../ports/store/database-under-test.ts';
import { type ServicesUnderTest, startServices } from '../../ports/store/services-under-test.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import { NOW_MS } from '../../schemas/records-under-test.ts';
import { logTopics } from '../../schemas/topics.ts';
import { type CarryOut, type CarryOutDependencies, createCarryOut } from './carry-out.ts';
import { createWritten, type Written } from './erased-under-test.ts';
import { createErasures, type ErasureRow, type Erasures, type ErasureWanted } from './erasures.ts';

const HOUR_MS = 3_600_000;
export const clock = createManualClock(NOW_MS + HOUR_MS);
const ann = { id: '00000000-0000-4000-8000-000000000001', username: 'ann' };
export const of = { by: ann, fleetId: null };
export const going = () => new AbortController().signal;

export type Row = Readonly<Record<string, unknown>>;

/** What is left of a camera, in short. */
interface Left {
  /** Of its captures. */
  readonly minutes: readonly number[];
  readonly events: readonly unknown[];
  readonly pictures: number;
  readonly visits: number;
}

/** A database, a log and a blob store; what writes into them, and what erases. */
export interface ErasingRig {
  readonly services: ServicesUnderTest;
  readonly log: PostgresLog;
  readonly blobs: ReturnType<ServicesUnderTest['openBlobs']>;
  readonly written: Written;
  readonly erasures: Erasures;
  carryOut(change?: Partial<CarryOutDependencies>): CarryOut;
  /** Asked for, and carried out to its end. */
  erase(wanted: ErasureWanted): Promise<ErasureRow>;
  finish(): Promise<void>;
  /** How many wait just now for somebody who has the list. */
  waitingForLocks(): Promise<number>;
  rowsOf(table: string, device: string): Promise<readonly Row[]>;
  leftOf(device: string): Promise<Left>;
}

export async function startErasingRig(database = startDatabase): Promise<ErasingRig> {
  const migrations = new URL('../../aggregator/migrations/', import.meta.url);
  const services = await startServices({ migrations, topics: logTopics, database });
  const log = await services.openLog(clock);
  const blobs = services.openBlobs();
  const erasures = createErasures({ store: services.store, clock });

  /** Pictures that are not there, though a row names them. */
  async function namedInVain(): Promise<readonly string[]> {
    const text = 'select snapshot_path as key from events union select blob_key from captures order by key';
    const named = await services.store.run<{ key: string | null }>({ name: 'named', text });
    const keys = named.flatMap(({ key }) => key ?? []);
    const there = await Promise.all(keys.map((key) => blobs.head(key)));
    return keys.filter((_, at) => there[at] === null);
  }

  const rig: ErasingRig = {
    services,
    log,
    blobs,
    written: createWritten(services, blobs, clock),
    erasures,

    carryOut: (change = {}) =>
      createCarryOut({ store: services.store, log, blobs, codec, clock, rowsMax: 7, ...change }),

    async erase(wanted) {
      const { id } = await erasures.request(wanted, of);
      await rig.finish();
      const erasure = await erasures.find(null, id);
      expect(erasure.finished_at).not.toBeNull();
      return erasure;
    },

    async finish() {
      await rig.carryOut().sweep(going());
      clock.advance(15_000);
      await rig.carryOut().sweep(going());
      expect(await namedInVain()).toEqual([]);
    },

    async waitingForLocks() {
      const text = `select count(*) as waiting from pg_locks
        where relation = 'locks.erasure_list'::regclass and not granted
          and database = (select oid from pg_database where datname = current_database())`;
      return (await services.store.run<{ waiting: number }>({ name: 'waiting', text }))[0]?.waiting ?? 0;
    },

    async rowsOf(table, device) {
      const rows = await services.rows<Row>(table);
      return rows.filter((row) => (row.device_id ?? row.original_key) === device);
    },

    async leftOf(device) {
      const captures = (await rig.rowsOf('captures', device)) as readonly { captured_at: Date }[];
      const minutes = captures.map(({ captured_at }) => (captured_at.getTime() - NOW_MS) / 60_000);
      const events = (await rig.rowsOf('events', device)).map(({ type }) => type).sort();
      const keys: string[] = [];
      for await (const key of blobs.list(`images/${device}/`)) keys.push(key);
      const visits = (await rig.rowsOf('visits', device)).length;
      return { minutes: minutes.sort((a, b) => a - b), events, pictures: keys.length, visits };
    },
  };
  return rig;
}

/** The minutes of a camera's frames without some of them. */
export const but = (from: number, to: number) =>
  Array.from({ length: 30 }, (_, minute) => minute).filter((minute) => minute < from || minute > to);

/** The tables of what was seen. */
export const SEEN = ['events', 'visits', 'observations', 'captures', 'dead_letters'] as const;
