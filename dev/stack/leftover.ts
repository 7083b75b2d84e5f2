import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLITE_MS = 5_000;
const LOOK_EVERY_MS = 25;

export interface Leftover {
  readonly pidFile: string;
  /** What the command line of the process must name: numbers of processes that are gone are given out again. */
  readonly folder: string;
  readonly onFound: (pid: number) => void;
}

/** A server that outlived a killed stack; the caller holds the folder's lock, so that it is nobody's. */
export async function stopLeftover({ pidFile, folder, onFound }: Leftover): Promise<void> {
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  if (Number.isSafeInteger(pid) && pid > 1 && (await isOurs(pid, folder))) {
    onFound(pid);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      process.kill(pid, signal);
      for (let waitedMs = 0; waitedMs < POLITE_MS && isAlive(pid); waitedMs += LOOK_EVERY_MS)
        await sleep(LOOK_EVERY_MS);
      if (!isAlive(pid)) break;
    }
    if (isAlive(pid))
      throw new Error(`Process ${pid} of an earlier run uses ${folder} and does not end; end it by hand.`);
  }
  await rm(pidFile, { force: true });
}

async function isOurs(pid: number, folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return isAlive(pid);
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.split('\0').some((argument) => argument.includes(`${folder}/`));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
