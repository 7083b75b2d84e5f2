import type { DeviceState } from './device-step.ts';

/** A device's state as bytes, for the changelog. A new form gets a new version, and still reads the older ones. */
export const STATE_VERSION = 1;

interface StoredState {
  readonly seen: readonly { readonly epoch: number; readonly highest: number; readonly bits: string }[];
  readonly newestAtMs: number | null;
  readonly picture: string | null;
  readonly episode: DeviceState['episode'];
}

export function packState({ seen, newestAtMs, picture, episode }: DeviceState): Buffer {
  const stored: StoredState = {
    seen: seen.map((window) => ({ ...window, bits: toText(window.bits) })),
    newestAtMs,
    picture: picture && toText(picture),
    episode,
  };
  return Buffer.from(JSON.stringify(stored));
}

export function unpackState(version: number, bytes: Buffer): DeviceState {
  if (version !== STATE_VERSION) {
    throw new Error(`a device's state has version ${version}, of which this release (${STATE_VERSION}) knows nothing`);
  }
  const { seen, newestAtMs, picture, episode } = JSON.parse(bytes.toString()) as StoredState;
  return {
    seen: seen.map((window) => ({ ...window, bits: Buffer.from(window.bits, 'base64') })),
    newestAtMs,
    picture: picture === null ? null : Buffer.from(picture, 'base64'),
    episode,
  };
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
