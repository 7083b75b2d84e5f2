import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readPid, stopLeftover } from '../../leftover.ts';

/** A fast shutdown, which ends what its clients do; then the immediate one, which is as safe as a crash. */
const SHUTDOWNS = [
  { signal: 'SIGINT', withinMs: 10_000 },
  { signal: 'SIGQUIT', withinMs: 5_000 },
] as const;
/** Only the immediate one writes nothing on its way. */
const AT_ONCE = [{ signal: 'SIGQUIT', withinMs: 10_000 }] as const;

export async function stopOrphan(folder: string, onFound: (pid: number) => void): Promise<void> {
  const orphan = { name: 'PostgreSQL', folder, onFound };
  const pid = await readServerPid(folder);
  if (pid !== null) await stopLeftover({ ...orphan, pid, signals: SHUTDOWNS });
  for (const moved of await findServersOf(folder)) await stopLeftover({ ...orphan, pid: moved, signals: AT_ONCE });
}

/** The file is left behind by a server that was killed. */
export function readServerPid(folder: string): Promise<number | null> {
  return readPid(join(folder, 'postmaster.pid'));
}

/**
 * Whatever the folder holds by now: a server goes on where its folder was moved away, as before a restore, and writes some
 * of its files by their whole path, over those of another database that lies there since.
 */
async function findServersOf(folder: string): Promise<number[]> {
  if (process.platform !== 'linux') return [];
  const here = await readlink('/proc/self/ns/mnt');
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).map(Number).filter(Number.isSafeInteger)) {
    const [program = '', ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (basename(program) !== 'postgres' || !args.includes('-D') || args[args.indexOf('-D') + 1] !== folder) continue;
    // In another container the same path is another folder.
    if ((await readlink(`/proc/${pid}/ns/mnt`).catch(() => null)) === here) found.push(pid);
  }
  return found;
}
