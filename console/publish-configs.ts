import pLimit from 'p-limit';
import type { Clock } from '../ports/clock/clock.ts';
import { Outage } from '../ports/errors.ts';
import type { Log } from '../ports/log/log.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable, Store } from '../ports/store/store.ts';
import type { Codec } from '../schemas/codec.ts';
import { derivedId } from '../schemas/identity.ts';

/**
 * Brings configurations from their rows into the log: as a control record among the device's frames, of both lanes,
 * since each has a state of its own, and as the device's newest in `device-config`. The row is there first; it is
 * marked when all three records are durable, so that what a crash leaves in between is published again. A second copy
 * changes nothing: the processor goes by the version, and the record's id follows from device and version.
 */
export interface ConfigPublisher {
  /** What of this device is not yet published, in the order of its versions; false if somebody else is about it. */
  publish(deviceId: string): Promise<boolean>;
  /** What a crash or an outage has left, of all devices. */
  sweep(): Promise<void>;
}

/** How often to sweep. */
export const SWEEP_EVERY_MS = 2_000;
const DEVICES_PER_SWEEP = 1_000;

const sql = {
  devices: statement(import.meta.url, './sql/list-unpublished-devices.sql'),
  lock: statement(import.meta.url, './sql/try-lock-publishing.sql'),
  oldest: statement(import.meta.url, './sql/find-unpublished-config.sql'),
  mark: statement(import.meta.url, './sql/mark-config-published.sql'),
};

interface ConfigRow {
  readonly version: number;
  readonly settings: object;
  readonly created_at: Date;
}

export function createConfigPublisher({
  store,
  log,
  codec,
  clock,
}: {
  readonly store: Store;
  readonly log: Pick<Log, 'append'>;
  readonly codec: Pick<Codec, 'encode'>;
  readonly clock: Clock;
}): ConfigPublisher {
  /** One at a time: appended by two at once, an older version could come to lie behind a newer one. */
  async function publishOldest(transaction: Queryable, deviceId: string): Promise<'published' | 'none' | 'busy'> {
    const [{ locked = false } = {}] = await transaction.run<{ locked: boolean }>(sql.lock, [deviceId]);
    if (!locked) return 'busy';
    const [row] = await transaction.run<ConfigRow>(sql.oldest, [deviceId]);
    if (!row) return 'none';
    const nowMs = clock.nowMs();
    await appendAll(deviceId, row, nowMs);
    await transaction.run(sql.mark, [deviceId, row.version, new Date(nowMs)]);
    return 'published';
  }

  async function appendAll(deviceId: string, { version, settings, created_at }: ConfigRow, nowMs: number) {
    const settings_json = JSON.stringify(settings);
    const control = codec.encode('control', {
      control_id: derivedId('configuration', deviceId, version),
      device_id: deviceId,
      issued_at: created_at.getTime(),
      body: { kind: 'ConfigurationControl', version, settings_json },
    });
    const newest = codec.encode('device-config', { device_id: deviceId, version, published_at: nowMs, settings_json });
    await log.append('frames', [{ key: deviceId, value: control }]);
    await log.append('backlog', [{ key: deviceId, value: control }]);
    await log.append('device-config', [{ key: deviceId, value: newest }]);
  }

  /** Appends within a transaction: if the log does not answer, that is one connection and not all of them. */
  const inTurn = pLimit(1);
  const publish = (deviceId: string) => inTurn(publishAll, deviceId);
  async function publishAll(deviceId: string): Promise<boolean> {
    for (;;) {
      const outcome = await store.transaction((transaction) => publishOldest(transaction, deviceId));
      if (outcome !== 'published') return outcome === 'none';
    }
  }

  return {
    publish,

    async sweep() {
      const devices = await store.run<{ device_id: string }>(sql.devices, [DEVICES_PER_SWEEP]);
      const failures: unknown[] = [];
      for (const { device_id } of devices) {
        await publish(device_id).catch((error: unknown) => {
          // To the next device an outage would be the same; what is wrong with one alone holds up no other.
          if (error instanceof Outage) throw error;
          failures.push(error);
        });
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}
