import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import { type DeviceSettings, settingsFrom } from '../schemas/device-settings.ts';

/** One of the configurations that a device has had. */
export interface ConfigVersion {
  /** 0 is the built-in one, which nobody has made. */
  readonly version: number;
  readonly settings: DeviceSettings;
  readonly createdAt: Date | null;
  readonly createdBy: string | null;
  /** Whether its records are in the log, where the processor finds them. */
  readonly published: boolean;
}

/** A device, as somebody asks for it: whose devices they see, or null for everybody's. */
export interface DeviceOfFleet {
  readonly deviceId: string;
  readonly fleetId: string | null;
}

export interface NewConfig extends DeviceOfFleet {
  /** The version that was seen; the new one is the next. */
  readonly after: number;
  readonly settings: DeviceSettings;
  readonly createdBy: string;
}

/** The configurations of devices, as rows; publish-configs.ts brings them into the log. */
export interface ConfigVersions {
  /** The newest; `no-device` if they see none of that name. */
  find(device: DeviceOfFleet): Promise<ConfigVersion | 'no-device'>;
  findVersion(device: DeviceOfFleet, version: number): Promise<ConfigVersion | 'no-device' | 'no-version'>;
  list(
    deviceId: string,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<readonly Omit<ConfigVersion, 'settings'>[]>;
  /** The new version's number; null if `after` is not the newest any more, or the device is none of theirs. */
  add(config: NewConfig, nowMs: number): Promise<number | null>;
}

const sql = {
  find: statement(import.meta.url, './sql/find-device-config.sql'),
  list: statement(import.meta.url, './sql/list-config-versions.sql'),
  insert: statement(import.meta.url, './sql/insert-config-version.sql'),
};

interface VersionRow {
  readonly version: number;
  readonly created_at: Date | null;
  readonly created_by: string | null;
  readonly published_at: Date | null;
}

interface ConfigRow extends VersionRow {
  readonly settings: unknown;
}

export function createConfigVersions({ store }: { readonly store: Queryable }): ConfigVersions {
  async function find({ deviceId, fleetId }: DeviceOfFleet, version: number | null) {
    const [row] = await store.run<ConfigRow>(sql.find, [deviceId, fleetId, version]);
    return row ? { ...asVersion(row), settings: settingsFrom(row.settings) } : 'no-device';
  }

  return {
    find: (device) => find(device, null),

    async findVersion(device, version) {
      const found = await find(device, version);
      return found !== 'no-device' && found.version !== version ? 'no-version' : found;
    },

    async list(deviceId, { limit, offset }) {
      const rows = await store.run<VersionRow>(sql.list, [deviceId, limit, offset]);
      return rows.map(asVersion);
    },

    async add({ deviceId, fleetId, after, settings, createdBy }, nowMs) {
      const values = [deviceId, fleetId, after, settings, new Date(nowMs), createdBy];
      const [row] = await store.run<{ version: number }>(sql.insert, values);
      return row?.version ?? null;
    },
  };
}

function asVersion({ version, created_at, created_by, published_at }: VersionRow) {
  return { version, createdAt: created_at, createdBy: created_by, published: version === 0 || published_at !== null };
}
