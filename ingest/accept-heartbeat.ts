import type { Clock } from '../ports/clock/clock.ts';
import type { Log } from '../ports/log/log.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable, Store } from '../ports/store/store.ts';
import { headersOf, type Trace } from '../ports/tracing/trace.ts';
import type { Codec } from '../schemas/codec.ts';
import type { Heartbeat } from '../schemas/types.ts';
import { createBoots } from './boots.ts';
import { type HeartbeatBody, heartbeatRecord } from './heartbeat.ts';

export interface SentHeartbeat {
  readonly deviceId: string;
  /** Which the seqs in it are of. */
  readonly epoch: number;
  readonly body: HeartbeatBody;
  /** Of the request that brings it. */
  readonly trace: Trace;
}

export interface AcceptedHeartbeat {
  readonly receivedAtMs: number;
  /** How often the device is to be heard from. */
  readonly intervalS: number;
}

/** `refused`: there is no such device any more. */
export type AcceptHeartbeat = (sent: SentHeartbeat) => Promise<AcceptedHeartbeat | 'refused'>;

interface Dependencies {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
  readonly codec: Codec;
  readonly config: { readonly HEARTBEAT_INTERVAL_S: number };
}

const sql = {
  touch: statement(import.meta.url, './sql/touch-device.sql'),
  keep: statement(import.meta.url, './sql/keep-heartbeat.sql'),
  keepDropped: statement(import.meta.url, './sql/keep-dropped-ranges.sql'),
};

/**
 * Rows first, then the record: a device that was heard was heard, whatever becomes of the log. Both before the answer,
 * so that a device may forget what it gave up once it is answered. Each of them may be done again.
 */
export function createAcceptHeartbeat({ store, log, clock, codec, config }: Dependencies): AcceptHeartbeat {
  return async ({ deviceId, epoch, body, trace }) => {
    const receivedAtMs = clock.nowMs();
    const heartbeat = heartbeatRecord(body, deviceId, receivedAtMs);
    // Before anything is kept, so that what cannot be told is not kept either.
    const value = codec.encode('heartbeat', heartbeat);
    const intervalS = await store.transaction((transaction) => keep(transaction, heartbeat, epoch));
    if (intervalS === null) return 'refused';
    await log.append('device-status', [{ key: deviceId, value, headers: headersOf(trace) }]);
    return { receivedAtMs, intervalS };
  };

  async function keep(transaction: Queryable, heartbeat: Heartbeat, epoch: number): Promise<number | null> {
    const { device_id: deviceId, received_at: receivedAtMs, boot_id: bootId, uptime_s: uptimeS } = heartbeat;
    const receivedAt = new Date(receivedAtMs);
    const [device] = await transaction.run<{ heartbeat_interval_s: number }>(sql.touch, [
      deviceId,
      receivedAt,
      heartbeat.fw_version,
      config.HEARTBEAT_INTERVAL_S,
    ]);
    if (!device) return null;
    await transaction.run(sql.keep, [
      deviceId,
      receivedAt,
      bootId,
      uptimeS,
      heartbeat.ntp_synced,
      heartbeat.rssi,
      heartbeat.free_heap,
      heartbeat.sd_free_bytes,
      heartbeat.battery_mv,
      heartbeat.temperature_c,
      heartbeat.fw_version,
      heartbeat.last_error,
      heartbeat.extra_json,
      heartbeat.queue_depth,
      epoch,
    ]);
    const dropped = heartbeat.dropped_ranges ?? [];
    if (dropped.length > 0) {
      const [from, to] = [dropped.map(({ from_seq }) => from_seq), dropped.map(({ to_seq }) => to_seq)];
      await transaction.run(sql.keepDropped, [deviceId, epoch, from, to]);
    }
    if (bootId !== null && uptimeS !== null) {
      const bootedAtMs = receivedAtMs - 1_000 * uptimeS;
      await createBoots({ store: transaction }).bootedAt({ deviceId, bootId, bootedAtMs, synchronised: false });
    }
    return device.heartbeat_interval_s;
  }
}
