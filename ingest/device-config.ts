import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import { type DeviceSettings, settingsFrom } from '../schemas/device-settings.ts';

/** How a device is to take pictures just now: what its settings say, unless motion has switched it to burst. */
export type CaptureMode = 'baseline' | 'burst' | 'paused';

export interface DeviceConfig {
  readonly version: number;
  readonly mode: CaptureMode;
  readonly settings: DeviceSettings['device'];
}

/** What devices ask for again and again. */
export interface DeviceConfigs {
  /** Null when there is no such device (any more). Keeps that the device has asked, and which mode it was told. */
  fetch(deviceId: string, nowMs: number): Promise<DeviceConfig | null>;
}

/** A device that asks every second is not a row written every second, beside the frames that are claimed under it. */
const NOTED_EVERY_MS = 10_000;

const sql = {
  find: statement(import.meta.url, './sql/find-device-config.sql'),
  note: statement(import.meta.url, './sql/note-config-fetch.sql'),
};

interface ConfigRow {
  readonly burst_until: Date | null;
  readonly last_config_fetch_at: Date | null;
  readonly capture_mode: CaptureMode | null;
  readonly version: number;
  readonly device: unknown;
}

export function createDeviceConfigs({ store }: { readonly store: Queryable }): DeviceConfigs {
  return {
    async fetch(deviceId, nowMs) {
      const [row] = await store.run<ConfigRow>(sql.find, [deviceId]);
      if (!row) return null;
      const settings = settingsFrom({ device: row.device }).device;
      const mode = modeOf(settings, row.burst_until, nowMs);
      if (row.capture_mode !== mode || !isRecent(row.last_config_fetch_at, nowMs)) {
        await store.run(sql.note, [deviceId, new Date(nowMs), mode]);
      }
      return { version: row.version, mode, settings };
    },
  };
}

function modeOf(settings: DeviceSettings['device'], burstUntil: Date | null, nowMs: number): CaptureMode {
  if (settings.paused) return 'paused';
  return burstUntil !== null && burstUntil.getTime() > nowMs ? 'burst' : settings.capture_mode;
}

/** A time that is yet to come is from before the clock was set back. */
function isRecent(fetchedAt: Date | null, nowMs: number): boolean {
  const ageMs = fetchedAt === null ? Number.POSITIVE_INFINITY : nowMs - fetchedAt.getTime();
  return ageMs >= 0 && ageMs < NOTED_EVERY_MS;
}
