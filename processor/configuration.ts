import { builtInSettings, type DeviceSettings, settingsFrom } from '../schemas/device-settings.ts';
import type { ConfigurationControl } from '../schemas/types.ts';

/** A version of a device's settings, as a lane's state has it from the place of its control record on. Pure. */
export interface Configuration {
  readonly version: number;
  readonly settings: DeviceSettings;
  /** What the settings were read from: a later release may understand more of it. */
  readonly json: string;
}

/** Until a device is given another one. */
export const builtInConfiguration: Configuration = { version: 0, settings: builtInSettings, json: '{}' };

/** It becomes a part of the state, which has to fit into a record with all else that is in it. */
const JSON_CHARS_MAX = 200_000;

/** Null for what is no JSON object: it says nothing, where an unknown member only says more. */
export function readConfiguration({
  version,
  settings_json: json,
}: Pick<ConfigurationControl, 'version' | 'settings_json'>): Configuration | null {
  if (json.length > JSON_CHARS_MAX) return null;
  try {
    const given: unknown = JSON.parse(json);
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return null;
    return { version, settings: settingsFrom(given), json };
  } catch {
    return null;
  }
}

/** The same again changes nothing, and neither does what comes late. */
export function newerOf(current: Configuration, next: Configuration): Configuration {
  return next.version > current.version ? next : current;
}
