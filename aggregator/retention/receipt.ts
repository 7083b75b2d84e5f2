import type { Gone } from './classes.ts';
import type { ClassName } from './limits.ts';

/** What a run has done of one class, as it is told and kept. */
export interface ClassReceipt {
  readonly class: ClassName;
  readonly rows: number;
  readonly row_bytes: number;
  readonly blobs: number;
  readonly blob_bytes: number;
  readonly took_ms: number;
  /** Why it did not come to its end; null if it did. */
  readonly error: string | null;
}

interface OpenClass {
  gone(gone: Gone): void;
  blobs(gone: { readonly blobs: number; readonly bytes: number }): void;
  /** Measures; what is thrown is told and goes no further, since the other classes are none the worse for it. */
  timed(work: () => Promise<void>, onFailed: (error: unknown) => void): Promise<void>;
}

export interface Receipt {
  of(name: ClassName): OpenClass;
  told(): readonly ClassReceipt[];
}

export function openReceipt(): Receipt {
  const told = new Map<ClassName, { -readonly [Member in keyof ClassReceipt]: ClassReceipt[Member] }>();
  const at = (name: ClassName) => {
    const nothing = { class: name, rows: 0, row_bytes: 0, blobs: 0, blob_bytes: 0, took_ms: 0, error: null };
    const kept = told.get(name) ?? nothing;
    told.set(name, kept);
    return kept;
  };
  return {
    of(name) {
      const line = at(name);
      return {
        gone({ rows, bytes }) {
          line.rows += rows;
          line.row_bytes += bytes;
        },
        blobs({ blobs, bytes }) {
          line.blobs += blobs;
          line.blob_bytes += bytes;
        },
        async timed(work, onFailed) {
          const startedMs = performance.now();
          try {
            await work();
          } catch (error) {
            line.error = wordsOf(error);
            onFailed(error);
          }
          line.took_ms += Math.round(performance.now() - startedMs);
        },
      };
    },
    told: () => [...told.values()],
  };
}

/** Why something did not come to its end, as it is told. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
