import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../ports/clock/clock.ts';
import type { Log } from '../ports/log/log.ts';
import { tryLock } from '../ports/store/locks.ts';
import { statement } from '../ports/store/statement.ts';
import type { Store } from '../ports/store/store.ts';
import type { Codec } from '../schemas/codec.ts';
import type { AggregatorConfig } from './config.ts';
import { type Silence, silenceEvents } from './silence-events.ts';

/** Notices devices that are no longer heard from, and those that are again, and tells it in `events`. */
export interface DeviceWatch {
  look(): Promise<void>;
}

export const WATCH_DEVICES_EVERY_MS = 5_000;
const TOLD_AT_ONCE_MAX = 500;

const sql = {
  markSilent: statement(import.meta.url, './sql/mark-silent.sql'),
  untold: statement(import.meta.url, './sql/untold-silences.sql'),
  markTold: statement(import.meta.url, './sql/mark-told.sql'),
  watched: statement(import.meta.url, './sql/watched-devices.sql'),
};

interface SilenceRow {
  readonly id: string;
  readonly silent_after: Date | null;
  readonly silent_since: Date;
  readonly silence_told: boolean;
  readonly heard_again_at: Date | null;
}

interface WatchedRow {
  readonly id: string;
  readonly age_s: number;
  readonly offline: boolean;
  /** Unless it was told to pause. */
  readonly capturing: boolean;
  /** By its own word; null where it has said nothing of it. */
  readonly clock_synced: boolean | null;
}

interface Dependencies {
  readonly log: Log;
  readonly store: Store;
  readonly clock: Clock;
  readonly codec: Codec;
  readonly metrics: Registry;
  readonly config: Pick<AggregatorConfig, 'HEARTBEAT_INTERVAL_S'>;
}

export function createDeviceWatch({ log, store, clock, codec, metrics, config }: Dependencies): DeviceWatch {
  const lastSeen = new Gauge({
    name: 'passerby_device_last_seen_seconds',
    help: 'How long ago a device was last heard from, or was activated.',
    labelNames: ['device'],
    registers: [metrics],
  });
  const offline = new Gauge({
    name: 'passerby_devices_offline',
    help: 'Devices that have been silent for three times as long as they may be.',
    registers: [metrics],
  });
  const deviceOffline = new Gauge({
    name: 'passerby_device_offline',
    help: 'Whether a device has been silent (1) for three times as long as it may be.',
    labelNames: ['device'],
    registers: [metrics],
  });
  const capturing = new Gauge({
    name: 'passerby_devices_capturing',
    help: 'Devices that are to send pictures, heard from or not: those that are set up, and not told to pause.',
    registers: [metrics],
  });
  const clockSynced = new Gauge({
    name: 'passerby_device_clock_synced',
    help: "Whether a device's clock is set (1), by its newest heartbeat; missing where none has said so.",
    labelNames: ['device'],
    registers: [metrics],
  });

  /** A silence is noted before it is told, and marked as told after: what is told again in between is the same. */
  async function tellAll(): Promise<void> {
    await store.run(sql.markSilent, [config.HEARTBEAT_INTERVAL_S]);
    let rows: SilenceRow[];
    do {
      rows = await store.run<SilenceRow>(sql.untold, [TOLD_AT_ONCE_MAX]);
      if (rows.length === 0) return;
      const events = rows.flatMap((row) => silenceEvents(asSilence(row)));
      await log.append(
        'events',
        events.map((event) => ({ key: event.device_id, value: codec.encode('event', event) })),
      );
      await store.run(sql.markTold, [
        rows.map(({ id }) => id),
        rows.map(({ silent_since }) => silent_since),
        rows.map(({ heard_again_at }) => heard_again_at),
      ]);
    } while (rows.length === TOLD_AT_ONCE_MAX);
  }

  async function measure(): Promise<void> {
    const rows = await store.run<WatchedRow>(sql.watched, [new Date(clock.nowMs())]);
    for (const gauge of [lastSeen, deviceOffline, clockSynced]) gauge.reset();
    for (const { id: device, age_s, offline: isOffline, clock_synced } of rows) {
      lastSeen.set({ device }, Math.max(0, age_s));
      deviceOffline.set({ device }, isOffline ? 1 : 0);
      if (clock_synced !== null) clockSynced.set({ device }, clock_synced ? 1 : 0);
    }
    offline.set(rows.filter((row) => row.offline).length);
    capturing.set(rows.filter((row) => row.capturing).length);
  }

  return {
    async look() {
      // One process at a time. Were there two after all, as when the one with the lock is cut off, they would tell the same.
      await store.transaction(async (held) => {
        if (await tryLock(held, 'device_watch')) await tellAll();
      });
      await measure();
    },
  };
}

function asSilence(row: SilenceRow): Silence {
  return {
    deviceId: row.id,
    lastSeenMs: row.silent_after?.getTime() ?? null,
    sinceMs: row.silent_since.getTime(),
    isTold: row.silence_told,
    heardAgainMs: row.heard_again_at?.getTime() ?? null,
  };
}
