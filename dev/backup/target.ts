import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { opendir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Unusable } from '../../ports/errors.ts';
import { FolderInUse, lockFolder } from '../../ports/folder-lock.ts';
import { syncFolder } from '../../ports/sync-folder.ts';
import { writeWhole } from '../write-whole.ts';
import { isListWhole, readBlobList } from './blob-list.ts';
import { Damaged } from './manifest.ts';

/**
 * A folder of backups: one folder for each, named for when it was made, and beside them the blobs of all of them, each
 * once. A backup gets its name when it is whole.
 */
export interface Target {
  readonly folder: string;
  /** The whole ones, in the order in which they were made. */
  backups(): string[];
  folderOf(sha256: string): string;
}

/** One that nobody else adds to or deletes from meanwhile. */
export interface OwnTarget extends Target {
  begin(nowMs: number): Unfinished;
  /** A name for a file that is being written. */
  draft(): string;
  /** Deletes all but the newest backups, and blobs that none names any more. Answers how many of either. */
  prune(keep: number): Promise<{ readonly backups: number; readonly blobs: number }>;
}

interface Unfinished {
  readonly path: string;
  /** Answers its path as a backup. */
  finish(): Promise<string>;
}

const NAME = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/;
const BLOB = /^[0-9a-f]{64}$/;
/** No backup has such a name, and no blob. */
const UNFINISHED = '~unfinished';
/** Their names, a line each, in that order: a clock may be set back between two of them. */
const ORDER = 'order.txt';

/**
 * One at a time, from its beginning until what is old has been deleted: a picture is placed before the backup that names
 * it is there, and for another it would be one that none names any more.
 */
export async function withTarget<Result>(path: string, use: (target: OwnTarget) => Promise<Result>): Promise<Result> {
  const folder = makeFolder(path);
  const lock = lockTarget(folder);
  try {
    return await use(ownTarget(folder));
  } finally {
    lock.release();
  }
}

function makeFolder(path: string): string {
  try {
    mkdirSync(join(path, 'blobs'), { recursive: true, mode: 0o700 });
    return realpathSync(path);
  } catch (error) {
    throw new Unusable(`${path} cannot be used for backups: ${(error as Error).message}`);
  }
}

function lockTarget(folder: string): { release(): void } {
  try {
    return lockFolder(folder);
  } catch (error) {
    if (error instanceof FolderInUse) throw new Unusable(`Another backup is being made in ${folder}.`);
    throw error;
  }
}

function openTarget(folder: string): Target {
  return {
    folder,
    backups: () => backupsIn(folder),
    folderOf: (sha256) => join(folder, 'blobs', sha256.slice(0, 2)),
  };
}

function ownTarget(folder: string): OwnTarget {
  const unfinished = join(folder, UNFINISHED);
  const target = openTarget(folder);
  const { backups } = target;

  return {
    ...target,
    draft: () => join(unfinished, randomUUID()),

    begin(nowMs) {
      // Of one that was broken off; its blobs stay for the next.
      rmSync(unfinished, { recursive: true, force: true });
      mkdirSync(unfinished, { mode: 0o700 });
      const path = join(unfinished, freeName(folder, nowMs));
      mkdirSync(path, { mode: 0o700 });
      return {
        path,
        async finish() {
          const whole = join(folder, basename(path));
          await syncFolder(join(path, 'tables'));
          await syncFolder(path);
          await syncFolder(join(folder, 'blobs'));
          // Before it is there: never is it taken for an old one.
          writeWhole(join(folder, ORDER), [...backups(), whole].map((one) => `${basename(one)}\n`).join(''));
          renameSync(path, whole);
          rmSync(unfinished, { recursive: true, force: true });
          await syncFolder(folder);
          return whole;
        },
      };
    },

    async prune(keep) {
      const old = backups().slice(0, -keep);
      for (const backup of backups().slice(-keep)) {
        if (await isListWhole(backup)) continue;
        throw new Damaged(backup, 'which pictures it has is not known, so that none is deleted; delete that folder');
      }
      for (const path of old) rmSync(path, { recursive: true, force: true });
      const kept = backups();
      let blobs = 0;
      // A sixteenth at a time, so that millions of digests need little memory.
      for (const digit of old.length === 0 ? '' : '0123456789abcdef') {
        const named = new Set<string>();
        for (const backup of kept) {
          for await (const { sha256 } of readBlobList(backup)) if (sha256.startsWith(digit)) named.add(sha256);
        }
        for (const name of readdirSync(join(folder, 'blobs'))) {
          if (name.startsWith(digit)) blobs += await removeUnnamed(join(folder, 'blobs', name), named);
        }
      }
      return { backups: old.length, blobs };
    },
  };
}

/** One backup, or the newest of a folder of them; and the folder that it is in. */
export function findBackup(path: string): { readonly backup: string; readonly target: Target } {
  if (!existsSync(path)) throw new Unusable(`${path} is not there.`);
  const real = realpathSync(path);
  const backup = NAME.test(basename(real)) ? real : backupsIn(real).at(-1);
  if (backup === undefined) throw new Unusable(`There is no backup in ${path}.`);
  return { backup, target: openTarget(dirname(backup)) };
}

function backupsIn(folder: string): string[] {
  const order = existsSync(join(folder, ORDER)) ? readFileSync(join(folder, ORDER), 'utf8').split('\n') : [];
  // Before those that are not among them, as of an older release, there is none.
  const places = new Map(order.map((name, place) => [name, place]));
  const placeOf = (name: string) => places.get(name) ?? -1;
  const names = readdirSync(folder).filter((name) => NAME.test(name));
  names.sort().sort((one, other) => placeOf(one) - placeOf(other));
  return names.map((name) => join(folder, name));
}

function freeName(folder: string, nowMs: number): string {
  const name = new Date(nowMs).toISOString().replaceAll(':', '-');
  return existsSync(join(folder, name)) ? freeName(folder, nowMs + 1) : name;
}

async function removeUnnamed(folder: string, named: ReadonlySet<string>): Promise<number> {
  let removed = 0;
  for await (const { name } of await opendir(folder)) {
    if (!BLOB.test(name) || named.has(name)) continue;
    await rm(join(folder, name), { force: true });
    removed += 1;
  }
  return removed;
}
