import { randomUUID } from 'node:crypto';
import type { User } from '../../http/access/users.ts';
import { Problem } from '../../http/problem.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable, Store } from '../../ports/store/store.ts';
import { AROUND_SIGHTS_MS } from '../../schemas/erasure-note.ts';
import { type Doer, noteChange } from '../audit.ts';
import { DEVICE_TABLES } from './device-tables.ts';

/**
 * What is asked to be erased. Whoever asks is answered once it is on the list that every write is checked against
 * (aggregator/migrations/0017_erasures.sql): from then on nothing of it is written any more. What is there already goes
 * in the background (carry-out.ts).
 */
export interface Erasures {
  /** How much there is of it; nothing is changed. */
  count(wanted: ErasureWanted, of: Of): Promise<Counted>;
  request(wanted: ErasureWanted, of: Of): Promise<ErasureRow>;
  list(
    fleetId: User['fleetId'],
    rows: Rows,
  ): Promise<{ readonly erasures: readonly ErasureRow[]; readonly total: number }>;
  /** Whatever somebody does not see is not there: a `Problem`. */
  find(fleetId: User['fleetId'], id: string): Promise<ErasureRow>;
}

export type ErasureWanted =
  | { readonly kind: 'device'; readonly deviceId: string }
  /** Up to and without `toMs`. */
  | { readonly kind: 'range'; readonly deviceId: string; readonly fromMs: number; readonly toMs: number }
  /** Without a device, wherever they were seen as far as is known. */
  | { readonly kind: 'person'; readonly personId: string; readonly deviceId: string | null };

interface Of {
  readonly by: Doer;
  readonly fleetId: User['fleetId'];
}

interface Rows {
  readonly limit: number;
  readonly offset: number;
}

export interface Counted {
  readonly devices: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface ErasureRow {
  readonly id: string;
  readonly kind: ErasureWanted['kind'];
  readonly devices: readonly string[];
  readonly device_id: string | null;
  readonly person_id: string | null;
  readonly from_at: Date | null;
  readonly to_at: Date | null;
  readonly requested_at: Date;
  readonly username: string;
  readonly step: string;
  readonly gone: Readonly<Record<string, number>>;
  readonly applied_again_at: Date | null;
  readonly error: string | null;
  readonly finished_at: Date | null;
}

/** Where each begins. */
export const FIRST_STEP = 'note';

const sql = {
  lock: statement(import.meta.url, './sql/lock-list.sql'),
  device: statement(import.meta.url, './sql/find-erasable-device.sql'),
  devicesOfPerson: statement(import.meta.url, './sql/devices-of-person.sql'),
  insert: statement(import.meta.url, './sql/insert-erasure.sql'),
  listSpan: statement(import.meta.url, './sql/list-span.sql'),
  listPerson: statement(import.meta.url, './sql/list-person.sql'),
  markDevice: statement(import.meta.url, './sql/mark-device-erased.sql'),
  count: statement(import.meta.url, './sql/count-to-erase.sql'),
  countDeviceRows: statement(import.meta.url, './sql/count-device-rows.sql'),
  list: statement(import.meta.url, './sql/list-erasures.sql'),
  total: statement(import.meta.url, './sql/count-erasures.sql'),
};

export function createErasures({ store, clock }: { readonly store: Store; readonly clock: Clock }): Erasures {
  async function devicesOf(within: Queryable, wanted: ErasureWanted, { fleetId }: Of): Promise<readonly string[]> {
    const { deviceId } = wanted;
    if (deviceId !== null) {
      const found = await within.run<{ id: string }>(sql.device, [deviceId, fleetId]);
      if (found.length === 0) throw noSuchDevice();
      return [deviceId];
    }
    const personId = wanted.kind === 'person' ? wanted.personId : null;
    const rows = await within.run<{ device_id: string }>(sql.devicesOfPerson, [personId, fleetId]);
    if (rows.length === 0) throw noSuchPerson();
    return rows.map(({ device_id }) => device_id);
  }

  async function put(within: Queryable, wanted: ErasureWanted, of: Of) {
    const devices = await devicesOf(within, wanted, of);
    const [id, atMs] = [randomUUID(), clock.nowMs()];
    await listErasure(within, { ...wanted, id, devices, requestedAtMs: atMs, by: of.by });
    return { id, devices, atMs };
  }

  async function find(queryable: Queryable, fleetId: User['fleetId'], id: string): Promise<ErasureRow> {
    const [row] = await queryable.run<ErasureRow>(sql.list, [id, fleetId, 1, 0]);
    if (!row) throw new Problem({ status: 404, code: 'no-such-erasure', title: 'No such erasure' });
    return row;
  }

  return {
    async count(wanted, of) {
      const counting = store.transaction(async (within) => {
        const { id, devices } = await put(within, wanted, of);
        const [counts = {}] = await within.run<Record<string, number>>(sql.count, [id]);
        const isWhole = wanted.kind === 'device';
        const [rows] = isWhole ? await within.run<object>(sql.countDeviceRows, [wanted.deviceId, DEVICE_TABLES]) : [];
        throw new Undone({ devices, counts: { ...counts, ...rows } });
      });
      return counting.catch((error: unknown) => {
        if (error instanceof Undone) return error.counted;
        throw error;
      });
    },

    request: (wanted, of) =>
      store.transaction(async (within) => {
        // Before anything is read: of what is committed after it nothing is left out.
        await within.run(sql.lock);
        const { id, devices, atMs } = await put(within, wanted, of);
        if (wanted.kind === 'device') await within.run(sql.markDevice, [wanted.deviceId, new Date(atMs)]);
        const { kind, deviceId, ...asked } = wanted;
        const details = { kind, device_id: deviceId, ...asTold(asked), devices };
        const [only = null] = devices.length === 1 ? devices : [];
        const change = { atMs, by: of.by, action: 'erasure-request', subject: id, deviceId: only, details };
        await noteChange(within, change);
        return find(within, of.fleetId, id);
      }),

    async list(fleetId, { limit, offset }) {
      const [erasures, counted] = await Promise.all([
        store.run<ErasureRow>(sql.list, [null, fleetId, limit, offset]),
        store.run<{ total: number }>(sql.total, [fleetId]),
      ]);
      return { erasures, total: counted[0]?.total ?? 0 };
    },

    find: (fleetId, id) => find(store, fleetId, id),
  };
}

/** An erasure as it comes onto the list, now or, after a restore, again. */
export type ListedErasure = ErasureWanted & {
  readonly id: string;
  readonly devices: readonly string[];
  readonly requestedAtMs: number;
  readonly by: { readonly id: string | null; readonly username: string };
};

export async function listErasure(within: Queryable, erasure: ListedErasure): Promise<void> {
  const { id, kind, devices, requestedAtMs, by } = erasure;
  const [personId, span] = [
    kind === 'person' ? erasure.personId : null,
    kind === 'range' ? [new Date(erasure.fromMs), new Date(erasure.toMs)] : [null, null],
  ];
  const at = new Date(requestedAtMs);
  const values = [id, kind, erasure.deviceId, personId, ...span, at, by.id, by.username, FIRST_STEP];
  await within.run(sql.insert, values);
  if (kind === 'person') await within.run(sql.listPerson, [id, devices, personId, at, AROUND_SIGHTS_MS]);
  else await within.run(sql.listSpan, [id, erasure.deviceId, ...span]);
}

/** Counted, and undone by its transaction. */
class Undone extends Error {
  readonly counted: Counted;

  constructor(counted: Counted) {
    super('nothing was to be changed');
    this.counted = counted;
  }
}

interface Asked {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly personId?: string;
}

function asTold({ fromMs, toMs, personId }: Asked): object {
  return {
    ...(personId !== undefined && { person_id: personId }),
    ...(fromMs !== undefined && { from: new Date(fromMs) }),
    ...(toMs !== undefined && { to: new Date(toMs) }),
  };
}

function noSuchDevice(): Problem {
  return new Problem({ status: 404, code: 'no-such-device', title: 'No such device' });
}

function noSuchPerson(): Problem {
  const detail =
    'No visit is known of them. Where their visits are over and forgotten, say before which device it was.';
  return new Problem({ status: 404, code: 'no-such-person', title: 'No such person', detail });
}
