import { Counter, Gauge, type Registry } from 'prom-client';
import type { BlobClass } from './delete-blobs.ts';
import type { DownscaledBatch } from './downscale.ts';
import { CLASSES, type ClassName, type Limits } from './limits.ts';

export interface RetentionMetrics {
  ranAt(ms: number): void;
  rows(name: ClassName, gone: { readonly rows: number; readonly bytes: number }): void;
  blobs(name: BlobClass, gone: { readonly blobs: number; readonly bytes: number }): void;
  downscaled(batch: DownscaledBatch): void;
  failed(name: ClassName | 'blobs' | 'downscaling'): void;
  /** How old the oldest of each class is, beside how old it may become. */
  ages(limits: Limits, oldestMs: Readonly<Record<ClassName, number | null>>, nowMs: number): void;
  blobsLeft(count: number): void;
}

export function createRetentionMetrics(registry: Registry): RetentionMetrics {
  const registers = [registry];
  const ran = new Gauge({
    name: 'passerby_retention_last_run_timestamp_seconds',
    help: 'When what was over last went, by whichever process.',
    registers,
  });
  const rows = new Counter({
    name: 'passerby_retention_rows_total',
    help: 'Rows that went as their time was over, or references of theirs, by class.',
    labelNames: ['class'],
    registers,
  });
  const blobs = new Counter({
    name: 'passerby_retention_blobs_total',
    help: 'Blobs that were deleted as their time was over, by class.',
    labelNames: ['class'],
    registers,
  });
  const bytes = new Counter({
    name: 'passerby_retention_bytes_total',
    help: 'Bytes of what went, by class and by where it was: database or blobs.',
    labelNames: ['class', 'store'],
    registers,
  });
  const downscaled = new Counter({
    name: 'passerby_retention_downscaled_total',
    help: 'Pictures that were to be made smaller, by what came of it: smaller, kept or unreadable.',
    labelNames: ['outcome'],
    registers,
  });
  const saved = new Counter({
    name: 'passerby_retention_downscaled_bytes_total',
    help: 'By how many bytes pictures were made smaller.',
    registers,
  });
  const errors = new Counter({
    name: 'passerby_retention_errors_total',
    help: 'Classes that could not be gone through to their end, and downscaling likewise; blobs, where some could not be deleted.',
    labelNames: ['class'],
    registers,
  });
  const oldest = new Gauge({
    name: 'passerby_retention_oldest_seconds',
    help: 'How long ago the oldest of a class was taken or began, that of devices with times of their own included; what came late may be older than its limit.',
    labelNames: ['class'],
    registers,
  });
  const limit = new Gauge({
    name: 'passerby_retention_limit_seconds',
    help: 'How old a class may become; missing where that is for ever.',
    labelNames: ['class'],
    registers,
  });
  const left = new Gauge({
    name: 'passerby_retention_blobs_left',
    help: 'Blobs that are over and still to be deleted, as of the last run of this process.',
    registers,
  });
  return {
    ranAt: (ms) => ran.set(ms / 1_000),
    rows(name, gone) {
      rows.inc({ class: name }, gone.rows);
      bytes.inc({ class: name, store: 'database' }, gone.bytes);
    },
    blobs(name, gone) {
      blobs.inc({ class: name }, gone.blobs);
      bytes.inc({ class: name, store: 'blobs' }, gone.bytes);
    },
    downscaled({ counts, bytes: savedBytes }) {
      for (const [outcome, count] of Object.entries(counts)) downscaled.inc({ outcome }, count);
      saved.inc(savedBytes);
    },
    failed: (name) => errors.inc({ class: name }),
    ages(limits, oldestMs, nowMs) {
      for (const name of CLASSES) {
        const [keptMs, atMs] = [limits[name], oldestMs[name]];
        if (keptMs === null) limit.remove({ class: name });
        else limit.set({ class: name }, keptMs / 1_000);
        oldest.set({ class: name }, atMs === null ? 0 : Math.max(0, (nowMs - atMs) / 1_000));
      }
    },
    blobsLeft: (count) => left.set(count),
  };
}
