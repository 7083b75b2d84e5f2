import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Holder {
  readonly pid: number;
  /** Tells this process from a later one with the same number; empty where the system does not say. */
  readonly started: string;
}

/**
 * One process per data folder. The lock is a file that names its holder; a holder that is gone (kill -9, power cut)
 * does not block the next start.
 */
export function lockFolder(folder: string): { release(): void } {
  const file = join(folder, 'passerby.lock');
  const self: Holder = { pid: process.pid, started: startOf(process.pid) };
  for (;;) {
    if (place(file, JSON.stringify(self))) return { release: () => rmSync(file, { force: true }) };
    const holder = readHolder(file);
    if (holder && isRunning(holder)) {
      throw new FolderInUse(
        `Another Passerby (process ${holder.pid}) is using ${folder}. ` +
          'Stop it, or give this one a folder and a port of its own: DATA_DIR=./data2 PORT=8081 npm start',
      );
    }
    rmSync(file, { force: true });
  }
}

/** Written aside and linked: a lock that another process could see half-written would look torn to it. */
function place(file: string, text: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

export class FolderInUse extends Error {}

function readHolder(file: string): Holder | null {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as Partial<Holder>;
    return typeof holder.pid === 'number' ? { pid: holder.pid, started: holder.started ?? '' } : null;
  } catch {
    return null; // Torn by a power cut: whoever wrote it is gone.
  }
}

function isRunning({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return pid !== process.pid && startOf(pid) === started;
}

/** Boot and start time of a process, on Linux: a restarted container hands out the same numbers again. */
function startOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in brackets and may hold spaces; the start time is the 20th after it.
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return '';
  }
}
