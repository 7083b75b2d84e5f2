import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../ports/clock/clock.ts';
import { statement } from '../ports/store/statement.ts';
import type { Store } from '../ports/store/store.ts';
import { HOUR_MS } from './ledger.ts';
import { readLedger } from './read-ledger.ts';

export const LOOK_AT_LEDGERS_EVERY_MS = 5 * 60_000;
const SPAN_HOURS = 24;

const sql = {
  devices: statement(import.meta.url, './sql/list-ledger-devices.sql'),
};

/** Adds up the ledgers of all devices, one after the other, so that somebody is told when frames are missing. */
export interface LedgerWatch {
  look(signal: AbortSignal): Promise<void>;
}

export function createLedgerWatch({
  store,
  clock,
  metrics,
}: {
  readonly store: Store;
  readonly clock: Clock;
  readonly metrics: Registry;
}): LedgerWatch {
  const residual = new Gauge({
    name: 'passerby_ledger_residual_frames',
    help: 'Frames of the last day that a device numbered, and that are neither here, nor given up by it, nor waiting on it.',
    labelNames: ['device'],
    registers: [metrics],
  });

  return {
    async look(signal) {
      const toMs = Math.ceil(clock.nowMs() / HOUR_MS) * HOUR_MS;
      const span = { fleetId: null, fromMs: toMs - SPAN_HOURS * HOUR_MS, toMs };
      const residuals = new Map<string, number>();
      for (const { id } of await store.run<{ id: string }>(sql.devices)) {
        if (signal.aborted) return;
        const ledger = await readLedger(store, { deviceId: id, ...span });
        if (ledger) residuals.set(id, ledger.totals.residual);
      }
      // Only once all are known: a device that is gone is told of no more, and none is missing meanwhile.
      residual.reset();
      for (const [device, frames] of residuals) residual.set({ device }, frames);
    },
  };
}
