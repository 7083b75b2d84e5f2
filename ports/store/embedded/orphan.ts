import { join } from 'node:path';
import { readPid, stopLeftover } from '../../leftover.ts';

/** A fast shutdown, which ends what its clients do; then the immediate one, which is as safe as a crash. */
const SHUTDOWNS = [
  { signal: 'SIGINT', withinMs: 10_000 },
  { signal: 'SIGQUIT', withinMs: 5_000 },
] as const;

export async function stopOrphan(folder: string, onFound: (pid: number) => void): Promise<void> {
  const pid = await readServerPid(folder);
  if (pid !== null) await stopLeftover({ name: 'PostgreSQL', pid, folder, signals: SHUTDOWNS, onFound });
}

/** The file is left behind by a server that was killed. */
export function readServerPid(folder: string): Promise<number | null> {
  return readPid(join(folder, 'postmaster.pid'));
}
