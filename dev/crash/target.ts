import type { Acknowledged } from './cameras.ts';
import type { Outcome } from './outcome.ts';

/** What is struck while cameras send: all of Passerby in one profile, with the servers under it, from empty. */
export interface Target {
  /** Sets devices up: their tokens. */
  enrol(deviceIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** What can be struck, and how likely each is compared with the others. */
  readonly blows: Readonly<Record<string, number>>;
  /** Resolves when uploads are taken. Answers where. */
  start(): Promise<string>;
  /** Answers whether something was killed by it. What was killed is started again, at once and by itself. */
  strike(blow: string): Promise<boolean>;
  /** How many frames have been dealt with, as the tables say. */
  analysed(): Promise<number>;
  /** Whether it answers, and nothing of what it has taken waits any more. */
  isQuiet(): Promise<boolean>;
  /** Stops the services, and reads what they have left behind. */
  finish(acknowledged: readonly Acknowledged[]): Promise<Outcome>;
  /** Stops whatever still runs. */
  close(): Promise<void>;
  /** Rejects should a process ever end without having been asked to, or killed. */
  readonly died: Promise<never>;
  /** One for each time that the broker was killed, unless it was killed again before. */
  readonly resumes?: readonly Resume[];
}

/** How long it took until frames were analysed again. Whatever else is struck meanwhile has to come back first. */
export interface Resume {
  readonly afterBrokerMs: number;
  readonly afterLastMs: number;
}

export interface TargetOptions {
  readonly dataDir: string;
  readonly onProgress: (line: string) => void;
}
