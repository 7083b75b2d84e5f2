import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readServerPid } from '../../ports/store/embedded/orphan.ts';

export interface ServiceOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly password: string;
}

/** The embedded service as its own process, as `npm start` runs it, to be killed and started again. */
export interface Service {
  start(): void;
  /** Answers whether there was something to kill. */
  kill(victim: Victim): Promise<boolean>;
  untilReady(): Promise<void>;
  /** Rejects should it ever end without having been asked to, or killed. */
  readonly died: Promise<never>;
  /** Asks it to stop, as an operator does. */
  stop(): Promise<void>;
}

export type Victim = 'service' | 'postgres';

const READY_WITHIN_MS = 60_000;
const ALL = fileURLToPath(new URL('../all.ts', import.meta.url));
const RUN = fileURLToPath(new URL('../run.mjs', import.meta.url));

export function createService({ dataDir, port, password }: ServiceOptions): Service {
  let child: ChildProcess | null = null;
  let ended: Promise<unknown> = Promise.resolve();
  let tellDied: (error: Error) => void = () => undefined;
  const died = new Promise<never>((_, fail) => {
    tellDied = fail;
  });
  died.catch(() => undefined);
  /** The one whose end is our doing. */
  let condemned: ChildProcess | null = null;

  return {
    died,

    start() {
      const out = openSync(`${dataDir}.log`, 'a');
      // An empty DATABASE_URL also keeps one out that a file .env may name: this service is to be its own.
      const env = { ...process.env, DATABASE_URL: '', DATA_DIR: dataDir, PORT: String(port), ADMIN_PASSWORD: password };
      const started = spawn(process.execPath, [RUN, ALL], { env, stdio: ['ignore', out, out] });
      closeSync(out);
      child = started;
      ended = new Promise((settle) => started.once('exit', settle));
      started.once('exit', (code) => {
        if (condemned !== started)
          tellDied(new Error(`the service ended by itself with status ${code}; see ${dataDir}.log`));
      });
    },

    async kill(victim) {
      if (victim === 'service') {
        condemned = child;
        const killed = child?.kill('SIGKILL') ?? false;
        await ended;
        return killed;
      }
      const pid = await readServerPid(join(dataDir, 'postgres'));
      if (pid === null) return false;
      process.kill(pid, 'SIGKILL');
      return true;
    },

    async untilReady() {
      const deadlineMs = performance.now() + READY_WITHIN_MS;
      while (performance.now() < deadlineMs) {
        const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
        if (answer?.ok) return;
        await sleep(100);
      }
      throw new Error(`the service is not ready after ${READY_WITHIN_MS / 1_000} s; see ${dataDir}.log`);
    },

    async stop() {
      condemned = child;
      child?.kill('SIGTERM');
      await ended;
    },
  };
}
