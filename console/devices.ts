import { TRIES_MAX } from '../http/access/devices/pairings.ts';
import type { User } from '../http/access/users.ts';
import { Problem } from '../http/problem.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable, Store } from '../ports/store/store.ts';
import type { DeviceRetention } from '../schemas/device-retention.ts';
import { type Doer, noteChange } from './audit.ts';

type FleetId = User['fleetId'];

export interface DeviceRow {
  readonly id: string;
  readonly name: string | null;
  readonly site_id: string | null;
  readonly owner: string | null;
  readonly created_at: Date;
  readonly activated_at: Date | null;
  readonly revoked_at: Date | null;
  readonly last_seen_at: Date | null;
  readonly last_config_fetch_at: Date | null;
  readonly capture_mode: 'baseline' | 'burst' | 'paused' | null;
  readonly epoch: number;
  readonly firmware_version: string | null;
  readonly requires_signature: boolean;
  readonly metadata: object;
  readonly retention: DeviceRetention;
  readonly pairing_expires_at: Date | null;
}

export interface DeviceChange {
  readonly name?: string | null | undefined;
  readonly siteId?: string | null | undefined;
  readonly ownerId?: string | undefined;
  readonly requiresSignature?: boolean | undefined;
  readonly metadata?: object | undefined;
  /** Takes the place of what it was. */
  readonly retention?: DeviceRetention | undefined;
}

/** The devices of a fleet, as people manage them. Whatever is not in the fleet is not there: a `Problem`. */
export interface Devices {
  list(
    fleetId: FleetId,
    wanted: { readonly siteId: string | null; readonly limit: number; readonly offset: number },
  ): Promise<{ readonly devices: readonly DeviceRow[]; readonly total: number }>;
  find(fleetId: FleetId, id: string): Promise<DeviceRow>;
  /**
   * A device that gets another owner leaves its site, which is the former one's. By how long its data is kept, data goes:
   * who has changed that is noted.
   */
  change(fleetId: FleetId, id: string, change: DeviceChange, by: Doer): Promise<DeviceRow>;
  revoke(fleetId: FleetId, id: string): Promise<Date>;
  remove(fleetId: FleetId, id: string): Promise<void>;
}

const sql = {
  list: statement(import.meta.url, './sql/list-devices.sql'),
  count: statement(import.meta.url, './sql/count-devices.sql'),
  lock: statement(import.meta.url, './sql/lock-device.sql'),
  update: statement(import.meta.url, './sql/update-device.sql'),
  findSite: statement(import.meta.url, './sql/find-owners-site.sql'),
  revoke: statement(import.meta.url, './sql/revoke-device.sql'),
  remove: statement(import.meta.url, './sql/delete-device.sql'),
};

interface Kept {
  readonly owner_id: string | null;
  readonly site_id: string | null;
  readonly name: string | null;
  readonly metadata: object;
  readonly requires_signature: boolean;
  readonly retention: DeviceRetention;
}

export function createDevices({ store, nowMs }: { readonly store: Store; readonly nowMs: () => number }): Devices {
  const now = () => new Date(nowMs());

  async function find(queryable: Queryable, fleetId: FleetId, id: string): Promise<DeviceRow> {
    return oneOf(await queryable.run<DeviceRow>(sql.list, [fleetId, id, null, now(), TRIES_MAX, 1, 0]));
  }

  return {
    async list(fleetId, { siteId, limit, offset }) {
      const [devices, counted] = await Promise.all([
        store.run<DeviceRow>(sql.list, [fleetId, null, siteId, now(), TRIES_MAX, limit, offset]),
        store.run<{ total: number }>(sql.count, [fleetId, siteId]),
      ]);
      return { devices, total: counted[0]?.total ?? 0 };
    },

    find: (fleetId, id) => find(store, fleetId, id),

    change: (fleetId, id, { name, siteId, ownerId: newOwnerId, requiresSignature, metadata, retention }, by) =>
      store.transaction(async (transaction) => {
        const kept = oneOf(await transaction.run<Kept>(sql.lock, [id, fleetId]));
        const ownerId = newOwnerId ?? kept.owner_id;
        const keptSiteId = ownerId === kept.owner_id ? kept.site_id : null;
        if (siteId && (await transaction.run(sql.findSite, [siteId, ownerId])).length === 0) throw noSuchSite();
        await transaction.run(sql.update, [
          id,
          ownerId,
          siteId === undefined ? keptSiteId : siteId,
          name === undefined ? kept.name : name,
          metadata ?? kept.metadata,
          requiresSignature ?? kept.requires_signature,
          retention ?? kept.retention,
        ]);
        if (retention) {
          const details = { before: kept.retention, after: retention };
          const change = { atMs: nowMs(), by, action: 'device-retention', subject: id, deviceId: id, details };
          await noteChange(transaction, change);
        }
        return find(transaction, fleetId, id);
      }),

    revoke: async (fleetId, id) =>
      oneOf(await store.run<{ revoked_at: Date }>(sql.revoke, [id, fleetId, now()])).revoked_at,

    remove: async (fleetId, id) => void oneOf(await store.run(sql.remove, [id, fleetId, now()])),
  };
}

/** Somebody else's is told of in the same words as one that does not exist. */
function oneOf<Row>([row]: readonly Row[]): Row {
  if (row === undefined) throw new Problem({ status: 404, code: 'no-such-device', title: 'No such device' });
  return row;
}

function noSuchSite(): Problem {
  const detail = 'The owner of this device has no such site.';
  return new Problem({ status: 422, code: 'no-such-site', title: 'No such site', detail });
}
