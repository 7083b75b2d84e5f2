import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPid, stopLeftover } from '../../ports/leftover.ts';

/** A real server, which tests may kill and start again. */
export interface Server {
  readonly name: string;
  /** Again, at the same address and on the same data; resolves when it answers. */
  start(): Promise<void>;
  /** As an operator stops it; by force when it does not end. */
  stop(): Promise<void>;
  /** SIGKILL to the server's own process; resolves when that is gone. */
  kill(): Promise<void>;
}

/** Tells that a server ended though nobody had asked it to. */
export type OnDeath = (why: string) => void;

export interface ServerProcessOptions {
  readonly name: string;
  /** Where it keeps things; its command line must name this folder, by which a leftover is known. */
  readonly folder: string;
  readonly command: () => readonly [file: string, args: readonly string[]];
  readonly env?: NodeJS.ProcessEnv;
  readonly isUp: () => Promise<boolean>;
  /** It was asked to stop, and did. */
  readonly onStopped?: () => void;
  readonly onDeath: OnDeath;
  readonly startWithinMs?: number;
  readonly stopWithinMs?: number;
}

const START_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 25;
const LAST_WORDS_MAX = 12;
const ENDINGS = [
  { signal: 'SIGTERM', withinMs: 5_000 },
  { signal: 'SIGKILL', withinMs: 5_000 },
] as const;

export function createServerProcess(options: ServerProcessOptions): Server {
  const { name, folder, isUp, onDeath } = options;
  const { startWithinMs = START_WITHIN_MS, stopWithinMs = STOP_WITHIN_MS } = options;
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, 'output.log');
  const pidFile = pidFileOf(folder);
  let running: { readonly child: ChildProcess; readonly ended: Promise<string> } | null = null;
  /** The one whose end is our doing. */
  let condemned: ChildProcess | null = null;

  // Whatever ends this process short of a kill takes the server along.
  const endAtOnce = () => running?.child.kill('SIGKILL');

  const launch = () => {
    const output = openSync(logFile, 'w');
    const [file, args] = options.command();
    // A session of its own: Ctrl-C in the terminal reaches this process alone, which then stops things in order.
    const child = spawn(file, args, {
      detached: true,
      stdio: ['ignore', output, output],
      env: options.env ?? process.env,
    });
    closeSync(output);
    const ended = new Promise<string>((settle) => {
      child.once('exit', (code, signal) => settle(signal ?? `status ${code}`));
      child.once('error', (error) => settle(error.message));
    });
    if (child.pid !== undefined) writeFileSync(pidFile, `${child.pid}\n`);
    running = { child, ended };
    process.once('exit', endAtOnce);
    void ended.then(() => {
      process.off('exit', endAtOnce);
      rmSync(pidFile, { force: true });
      running = null;
    });
    return { child, ended };
  };

  /** Answers whether the signal was enough. */
  const end = async (signal: NodeJS.Signals): Promise<boolean> => {
    if (running === null) return false;
    const { child, ended } = running;
    condemned = child;
    child.kill(signal);
    const inTime = await Promise.race([ended, sleep(stopWithinMs, null, { ref: false })]);
    if (inTime !== null) return true;
    child.kill('SIGKILL');
    await ended;
    return false;
  };

  return {
    name,
    async start() {
      if (running !== null) throw new Error(`${name} runs already`);
      const { child, ended } = launch();
      let how: string | null = null;
      void ended.then((ending) => {
        how = ending;
      });
      const deadlineMs = performance.now() + startWithinMs;
      while (!(await isUp().catch(() => false)) || how !== null) {
        if (how !== null) {
          const told = condemned === child ? 'was ended while it started' : `ended while it started (${how})`;
          throw new Error(`${name} ${told}. ${lastWords(logFile)}`);
        }
        if (performance.now() > deadlineMs) {
          await end('SIGKILL');
          throw new Error(`${name} does not answer after ${startWithinMs / 1_000} s. ${lastWords(logFile)}`);
        }
        await sleep(LOOK_EVERY_MS);
      }
      void ended.then((ending) => {
        if (condemned !== child) onDeath(`${name} ended by itself (${ending}). ${lastWords(logFile)}`);
      });
    },
    async stop() {
      if (await end('SIGTERM')) options.onStopped?.();
    },
    async kill() {
      await end('SIGKILL');
    },
  };
}

/** What a run that was killed has left running in this folder is stopped. */
export async function stopLeftoverProcess(name: string, folder: string, say: (line: string) => void): Promise<void> {
  const pid = await readPid(pidFileOf(folder));
  if (pid !== null) {
    await stopLeftover({
      name,
      pid,
      folder,
      signals: ENDINGS,
      onFound: () => say(`stopping the ${name} of a killed run`),
    });
  }
  rmSync(pidFileOf(folder), { force: true });
}

const pidFileOf = (folder: string) => join(folder, 'process.pid');

function lastWords(logFile: string): string {
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n') : [];
  return [`It writes to ${logFile}; its last words:`, ...lines.slice(-LAST_WORDS_MAX)].join('\n  ');
}
