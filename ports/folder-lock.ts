import {
  constants,
  copyFileSync,
  linkSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Unusable } from './errors.ts';

interface Holder {
  readonly pid: number;
  /** Tells this process from a later one with the same number; empty where the system does not say. */
  readonly started: string;
  /** Within which process numbers mean something: a container has numbers of its own. Empty likewise. */
  readonly namespace: string;
}

const BEAT_MS = 1_000;
/** A holder in another container cannot be looked up; without a beat for this long it is gone. */
const SILENT_MS = 10_000;
/** What systems say where a disk has no links. */
const WITHOUT_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/**
 * One process per data folder. The lock is a file that names its holder; a holder that is gone (kill -9, power cut)
 * does not block the next start.
 */
export function lockFolder(folder: string): { release(): void } {
  const file = join(folder, 'passerby.lock');
  const self = JSON.stringify({ pid: process.pid, started: startOf(process.pid), namespace: namespace() });
  for (;;) {
    const placed = place(file, self);
    if (placed.done) return hold(file, self);
    const text = readText(file);
    if (text === null) continue; // Released just now.
    const holder = parse(text);
    if (holder && isRunning(holder, { file, nowMs: placed.nowMs })) {
      throw new FolderInUse(
        `Another Passerby (process ${holder.pid}${holder.namespace === namespace() ? '' : ' of another container'}) is ` +
          `using ${folder}. Stop it${holder.namespace === namespace() ? '' : ' (one that was killed counts as gone after 10 s)'}, ` +
          'or give this one a folder and a port of its own: DATA_DIR=./data2 PORT=8081 npm start',
      );
    }
    clear(file, text);
  }
}

export class FolderInUse extends Unusable {}

function hold(file: string, self: string): { release(): void } {
  const beat = setInterval(() => {
    // Somebody who took us for dead (this process was frozen) writes to the same folder: no more of that here.
    if (readText(file) !== self) throw new FolderInUse(`${file} was taken over by another process`);
    utimesSync(file, new Date(), new Date());
  }, BEAT_MS);
  beat.unref();
  return {
    release: () => {
      clearInterval(beat);
      if (readText(file) === self) rmSync(file, { force: true });
    },
  };
}

/** Written aside and linked: a lock that another process could see half-written would look torn to it. */
function place(file: string, text: string): { readonly done: boolean; readonly nowMs: number } {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  // The file system's own clock, by which beats are dated too.
  const nowMs = statSync(draft).mtimeMs;
  try {
    link(draft, file);
    return { done: true, nowMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return { done: false, nowMs };
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Disks of Windows and of networks may know no links. There, who sees a copy that is half-written takes the folder over,
 * and the beat of whoever wrote it finds that out.
 */
function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!WITHOUT_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}

/** Moved aside before it is removed: what was judged to be stale may have been replaced since. */
function clear(file: string, judged: string) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    if (readText(aside) !== judged) link(aside, file);
  } finally {
    rmSync(aside, { force: true });
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function parse(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    if (typeof holder?.pid !== 'number') return null;
    return { pid: holder.pid, started: holder.started ?? '', namespace: holder.namespace ?? '' };
  } catch {
    return null; // Torn by a power cut: whoever wrote it is gone.
  }
}

function isRunning(holder: Holder, { file, nowMs }: { readonly file: string; readonly nowMs: number }): boolean {
  if (holder.namespace !== namespace()) {
    const beatMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return nowMs - beatMs < SILENT_MS;
  }
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return holder.pid !== process.pid && startOf(holder.pid) === holder.started;
}

function namespace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/** When a process started, on Linux: the numbers of those that are gone are handed out again. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in brackets and may hold spaces; the start time is the 20th after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
