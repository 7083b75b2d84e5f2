import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const FAST_SHUTDOWN_MS = 10_000;
const IMMEDIATE_SHUTDOWN_MS = 5_000;

/**
 * A server that outlived its parent (kill -9) still holds the data folder. The caller holds the folder's lock, so
 * whatever server runs there is nobody's: it is asked to stop, first politely, then by crash-safe immediate shutdown.
 */
export async function stopOrphan(folder: string, onFound: (pid: number) => void): Promise<void> {
  const pid = await readServerPid(folder);
  if (pid === null || !(await isServerOf(pid, folder))) return;
  onFound(pid);
  process.kill(pid, 'SIGINT');
  if (await isGone(pid, FAST_SHUTDOWN_MS)) return;
  process.kill(pid, 'SIGQUIT');
  if (await isGone(pid, IMMEDIATE_SHUTDOWN_MS)) return;
  throw new Error(`PostgreSQL of an earlier run (process ${pid}) holds ${folder} and does not stop; end it by hand.`);
}

/** The first line of postmaster.pid is the server's process; the file is left behind by a server that was killed. */
export async function readServerPid(folder: string): Promise<number | null> {
  const text = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isSafeInteger(pid) && pid > 1 && isAlive(pid) ? pid : null;
}

/** Process numbers are used again, above all after a reboot; where the system shows command lines, look. */
async function isServerOf(pid: number, folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.split('\0').includes(folder);
}

async function isGone(pid: number, withinMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += 50) {
    if (!isAlive(pid)) return true;
    await sleep(50);
  }
  return !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
