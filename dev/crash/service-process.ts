import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface ServiceProcess {
  readonly running: boolean;
  start(): void;
  /** Answers whether there was something to kill. */
  kill(): Promise<boolean>;
  /** Asks it to stop, as an operator does. */
  stop(): Promise<void>;
}

const RUN = fileURLToPath(new URL('../run.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What cameras send here was taken long ago, and is to be there when it is compared. */
const FOR_EVER = {
  RETENTION_FRAMES_H: '0',
  RETENTION_CAPTURES_H: '0',
  RETENTION_OBSERVATIONS_H: '0',
  RETENTION_SNAPSHOTS_D: '0',
  RETENTION_EVENTS_D: '0',
  RETENTION_VISITS_D: '0',
  RETENTION_ROLLUPS_D: '0',
  RETENTION_UNANALYSED_D: '0',
};

/** One of our programs as a process of its own, to be killed and started again. */
export function createServiceProcess({
  program,
  env,
  logFile,
  onDied,
}: {
  /** Below the repository. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** It ended without having been asked to, or killed. */
  readonly onDied: (error: Error) => void;
}): ServiceProcess {
  let child: ChildProcess | null = null;
  let ended: Promise<unknown> = Promise.resolve();
  /** The one whose end is our doing. */
  let condemned: ChildProcess | null = null;

  async function end(signal: NodeJS.Signals): Promise<boolean> {
    condemned = child;
    const told = child?.kill(signal) ?? false;
    await ended;
    child = null;
    return told;
  }

  return {
    get running() {
      return child !== null;
    },

    start() {
      const out = openSync(logFile, 'a');
      const started = spawn(process.execPath, [RUN, program], {
        cwd: ROOT,
        // It is asked at 127.0.0.1 over plain HTTP, whatever a file .env says.
        env: { ...process.env, HOST: '', TLS_CERT_FILE: '', TLS_KEY_FILE: '', ...FOR_EVER, ...env },
        stdio: ['ignore', out, out],
      });
      closeSync(out);
      child = started;
      // It does not outlive a run that is broken off.
      const endAtOnce = () => started.kill('SIGKILL');
      process.once('exit', endAtOnce);
      ended = new Promise((settle) => started.once('exit', settle)).finally(() => process.off('exit', endAtOnce));
      started.once('exit', (code) => {
        if (condemned !== started) onDied(new Error(`${program} ended by itself with status ${code}; see ${logFile}`));
      });
    },

    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM');
    },
  };
}

const READY_WITHIN_MS = 90_000;

export async function untilReady(url: string, withinMs = READY_WITHIN_MS): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (performance.now() < deadlineMs) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error(`${url} is not ready after ${withinMs / 1_000} s`);
}

/** A promise that is rejected by hand, for whoever races it. */
export function createDeath(): { readonly died: Promise<never>; readonly tell: (error: Error) => void } {
  let tell: (error: Error) => void = () => undefined;
  const died = new Promise<never>((_, fail) => {
    tell = fail;
  });
  died.catch(() => undefined);
  return { died, tell };
}
