import { builtInConfiguration, type Configuration, readConfiguration } from './configuration.ts';
import type { Scene } from './device-step.ts';
import type { Line } from './line-up.ts';

export interface DeviceState {
  readonly line: Line;
  readonly scene: Scene;
}

/** A device's state as bytes, for the changelog. A new form gets a new version, and still reads the older ones. */
export const STATE_VERSION = 2;

/** The first form had no configuration: there were none. */
interface StoredState {
  readonly configuration?: { readonly version: number; readonly settings_json: string };
  readonly seen: readonly { readonly epoch: number; readonly highest: number; readonly bits: string }[];
  readonly newestAtMs: number | null;
  readonly picture: string | null;
  readonly episode: Scene['episode'];
}

export function packState({ line, scene }: DeviceState): Buffer {
  const { configuration, seen } = line;
  const { newestAtMs, picture, episode } = scene;
  const stored: StoredState = {
    configuration: { version: configuration.version, settings_json: configuration.json },
    seen: seen.map((window) => ({ ...window, bits: toText(window.bits) })),
    newestAtMs,
    picture: picture && toText(picture),
    episode,
  };
  return Buffer.from(JSON.stringify(stored));
}

export function unpackState(version: number, bytes: Buffer): DeviceState {
  if (version < 1 || version > STATE_VERSION) {
    throw new Error(`a device's state has version ${version}, of which this release (${STATE_VERSION}) knows nothing`);
  }
  const { configuration, seen, newestAtMs, picture, episode } = JSON.parse(bytes.toString()) as StoredState;
  return {
    line: {
      configuration: configurationOf(configuration),
      seen: seen.map((window) => ({ ...window, bits: Buffer.from(window.bits, 'base64') })),
    },
    scene: { newestAtMs, picture: picture === null ? null : Buffer.from(picture, 'base64'), episode },
  };
}

function configurationOf(stored: StoredState['configuration']): Configuration {
  if (!stored || stored.version === builtInConfiguration.version) return builtInConfiguration;
  const configuration = readConfiguration(stored);
  if (!configuration) throw new Error(`the configuration ${stored.version} of a device's state cannot be read`);
  return configuration;
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
