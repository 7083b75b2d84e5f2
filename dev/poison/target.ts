import type { Blobs } from '../../ports/blobs/blobs.ts';
import type { Log } from '../../ports/log/log.ts';
import type { Store } from '../../ports/store/store.ts';

/** All of Passerby in one profile, from empty, of which the log and the blobs are filled before its services start. */
export interface Target {
  readonly store: Store;
  readonly log: Log;
  readonly blobs: Blobs;
  /** Of every topic. */
  readonly partitions: number;
  /** Where people ask, once it was started. */
  readonly url: string;
  readonly password: string;
  start(): Promise<void>;
  /** Everything but the store. */
  stop(): Promise<void>;
  close(): Promise<void>;
  /** Rejects should a process ever end without having been asked to. */
  readonly died: Promise<never>;
}

export type CreateTarget = (options: {
  readonly folder: string;
  readonly say: (line: string) => void;
}) => Promise<Target>;
