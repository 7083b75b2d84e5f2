import { derivedId } from '../schemas/identity.ts';
import type { Event } from '../schemas/types.ts';

export interface Silence {
  readonly deviceId: string;
  /** When the device was last heard before; null if it never was. */
  readonly lastSeenMs: number | null;
  /** From when on its silence counts. No two silences of a device begin at once. */
  readonly sinceMs: number;
  /** Whether its beginning has been told. */
  readonly isTold: boolean;
  readonly heardAgainMs: number | null;
}

/**
 * What is to be told of a silence, the same each time it is asked: `device_offline` when it begins, which gets its end in
 * a second version; and with that `device_online`, for whoever waits for it.
 */
export function silenceEvents({ deviceId, lastSeenMs, sinceMs, isTold, heardAgainMs }: Silence): Event[] {
  const offline: Event = {
    event_id: derivedId('device_offline', deviceId, sinceMs),
    device_id: deviceId,
    type: 'device_offline',
    version: 1,
    occurred_at: sinceMs,
    ended_at: null,
    frame_id: null,
    frame_seq: null,
    lane: 'live',
    // A device is heard by the service's clock.
    time_quality: 'arrival',
    model: null,
    config_version: 0,
    payload: { kind: 'DeviceStatus', last_seen_at: lastSeenMs, reason: 'silent' },
  };
  const beginning = isTold ? [] : [offline];
  if (heardAgainMs === null) return beginning;
  const online: Event = {
    ...offline,
    event_id: derivedId('device_online', deviceId, sinceMs),
    type: 'device_online',
    occurred_at: heardAgainMs,
    payload: { kind: 'DeviceStatus', last_seen_at: lastSeenMs, reason: null },
  };
  return [...beginning, { ...offline, version: 2, ended_at: heardAgainMs }, online];
}
