import { userOf } from '../../http/access/require-user.ts';
import type { Server } from '../../http/server.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import type { LagWatch } from '../../ports/log/watch-lag.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import { status } from './answers.ts';

const sql = {
  devices: statement(import.meta.url, '../sql/device-status.sql'),
  rates: statement(import.meta.url, '../sql/rates.sql'),
};

const DEVICES_SHOWN_MAX = 200;

interface DeviceRow {
  readonly id: string;
  /** Null for one that has only been set up. */
  readonly last_seen_at: Date | null;
  readonly last_frame_id: string | null;
  readonly last_captured_at: Date | null;
  readonly missing: string | null;
}

interface Rates {
  readonly frames: number;
  readonly events: number;
  readonly dead_letters: number;
  readonly open_letters: number;
}

/** `GET /api/status`: the whole at a glance, for the first page. */
export function registerStatus(
  app: Server,
  { store, clock, lag }: { readonly store: Store; readonly clock: Clock; readonly lag: LagWatch },
): void {
  const schema = { tags: ['status'], summary: 'The whole at a glance', response: { 200: status } };
  app.get('/api/status', { schema }, async (request) => {
    const { fleetId } = userOf(request);
    const now = new Date(clock.nowMs());
    const [devices, rates] = await Promise.all([
      store.run<DeviceRow>(sql.devices, [DEVICES_SHOWN_MAX, fleetId]),
      store.run<Rates>(sql.rates, [now, fleetId]),
    ]);
    return {
      now,
      frames_per_minute: rates[0]?.frames ?? 0,
      events_per_minute: rates[0]?.events ?? 0,
      dead_letters_last_day: rates[0]?.dead_letters ?? 0,
      dead_letters_open: rates[0]?.open_letters ?? 0,
      lag: lag.readers.map(({ group, topic, records, ageMs }) => ({ group, topic, records, seconds: ageMs / 1_000 })),
      devices: devices.map(({ missing, ...device }) => ({ ...device, missing: Number(missing ?? 0) })),
    };
  });
}
