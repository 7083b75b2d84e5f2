import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Leftover {
  /** For the error message. */
  readonly name: string;
  readonly pid: number;
  /** Where its data lies, which its command line names. */
  readonly folder: string;
  /** One after the other, until it is gone. */
  readonly signals: readonly { readonly signal: NodeJS.Signals; readonly withinMs: number }[];
  readonly onFound: (pid: number) => void;
}

const LOOK_EVERY_MS = 25;

/**
 * Ends a server that outlived whoever started it (kill -9) and still holds its folder. The caller holds the folder's
 * lock, so whatever server runs there is nobody's.
 */
export async function stopLeftover({ name, pid, folder, signals, onFound }: Leftover): Promise<void> {
  if (!(await isOf(folder, pid))) return;
  onFound(pid);
  for (const { signal, withinMs } of signals) {
    process.kill(pid, signal);
    for (let waitedMs = 0; waitedMs < withinMs && isAlive(pid); waitedMs += LOOK_EVERY_MS) await sleep(LOOK_EVERY_MS);
    if (!isAlive(pid)) return;
  }
  throw new Error(`${name} of an earlier run (process ${pid}) holds ${folder} and does not stop; end it by hand.`);
}

/** The process whose number a file begins with, if it is still alive. */
export async function readPid(file: string): Promise<number | null> {
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  return Number.isSafeInteger(pid) && pid > 1 && isAlive(pid) ? pid : null;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Process numbers are used again, above all after a reboot; where the system shows command lines, look. */
async function isOf(folder: string, pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.split('\0').some((argument) => argument === folder || argument.includes(`${folder}/`));
}
