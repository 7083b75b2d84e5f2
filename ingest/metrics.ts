import { Counter, Gauge, type Registry } from 'prom-client';
import type { ByteBudget } from './byte-budget.ts';

export interface IngestMetrics {
  accepted(frame: { readonly deviceId: string; readonly status: string; readonly sizeBytes: number }): void;
  refused(code: string): void;
  /** A frame's confirmation was left to the aggregator. */
  unconfirmed(): void;
}

export function createIngestMetrics(registry: Registry, budget: ByteBudget): IngestMetrics {
  const frames = new Counter({
    name: 'passerby_ingest_frames_total',
    help: 'Frames acknowledged, by device and by whether they were new.',
    labelNames: ['device', 'status'],
    registers: [registry],
  });
  const bytes = new Counter({
    name: 'passerby_ingest_bytes_total',
    help: 'Bytes of pictures acknowledged as new.',
    registers: [registry],
  });
  const refused = new Counter({
    name: 'passerby_ingest_refused_total',
    help: 'Uploads not acknowledged, by the code of the problem.',
    labelNames: ['code'],
    registers: [registry],
  });
  const unconfirmed = new Counter({
    name: 'passerby_ingest_unconfirmed_total',
    help: 'Frames acknowledged and left to the aggregator to confirm, as the database did not answer.',
    registers: [registry],
  });
  new Gauge({
    name: 'passerby_ingest_in_flight_bytes',
    help: 'Bytes of pictures being received now.',
    registers: [registry],
    collect() {
      this.set(budget.reservedBytes);
    },
  });
  return {
    accepted({ deviceId, status, sizeBytes }) {
      frames.inc({ device: deviceId, status });
      if (status === 'queued') bytes.inc(sizeBytes);
    },
    refused: (code) => refused.inc({ code }),
    unconfirmed: () => unconfirmed.inc(),
  };
}
