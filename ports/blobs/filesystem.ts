import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { link, mkdir, open, opendir, readFile, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { Outage, Unusable } from '../errors.ts';
import { roomOf, type Statfs } from '../room.ts';
import { syncFolder } from '../sync-folder.ts';
import { type Blobs, requireKey } from './blobs.ts';

interface FilesystemBlobsOptions {
  readonly folder: string;
  /** Whether there are blobs already: then a folder without them is a disk that is not there, and no new beginning. */
  readonly known?: boolean;
  /** Whether another process may be writing to it: then what is unfinished may be its. */
  readonly shared?: boolean;
  readonly statfs?: Statfs;
}

class BlobFolderMissing extends Unusable {}

/**
 * Where blobs are written before they get their name. No key can lie here: segments of keys have no `~`. That it is
 * there tells the blobs' folder from the empty one that is left where a disk was.
 */
const UNFINISHED = '~unfinished';

/**
 * Blobs as plain files below one folder, each at its key. A blob is written and synced under a throw-away name and
 * then linked to its own: the link fails if the name is taken, and appears whole or not at all.
 */
export function createFilesystemBlobs(options: FilesystemBlobsOptions): Blobs {
  const { folder, known = false, shared = false, statfs } = options;
  const root = resolve(folder);
  const unfinished = join(root, UNFINISHED);
  if (known && !existsSync(unfinished)) {
    throw new BlobFolderMissing(`The pictures that the database knows are not in ${root}. Is its disk mounted?`);
  }
  // Pictures of people: for this account alone.
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  // Left by a process that was killed while writing; nothing refers to them.
  const left = shared ? [] : readdirSync(unfinished);
  for (const name of left) rmSync(join(unfinished, name), { force: true });

  const pathOf = (key: string) => {
    requireKey(key);
    return join(root, key);
  };
  // A folder once made stays, so most puts need no look at it.
  const madeFolders = new Set<string>();

  async function makeFolder(path: string): Promise<void> {
    if (madeFolders.has(path)) return;
    await mkdir(path, { recursive: true });
    // The names of new folders must outlast a power cut as much as the blob in them; whether an earlier process
    // that made them lived to see to it cannot be known.
    for (let made = path; made.length > root.length; made = dirname(made)) await syncFolder(dirname(made));
    madeFolders.add(path);
  }

  /** A blob that is not there is one thing; a folder that is not there says nothing about any blob. */
  async function requireFolder(): Promise<void> {
    await stat(unfinished).catch((error: unknown) => {
      throw asOutage(error, unfinished);
    });
  }

  async function name(draft: string, path: string): Promise<'stored' | 'exists'> {
    try {
      await link(draft, path);
      return 'stored';
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return 'exists';
      // Somebody removed the folder by hand: it is made again at the next try.
      if (codeOf(error) === 'ENOENT') madeFolders.delete(dirname(path));
      throw error;
    }
  }

  return {
    async put(key, bytes) {
      const path = pathOf(key);
      const draft = join(unfinished, randomUUID());
      const discard = () => unlink(draft).catch(() => undefined);
      try {
        // First, since it fails where the folder is not the blobs' own.
        await writeSynced(draft, bytes);
        await makeFolder(dirname(path));
        const answer = await name(draft, path);
        // Also where it exists: whoever named it may have died before its name was on the disk.
        await Promise.all([syncFolder(dirname(path)), discard()]);
        return answer;
      } catch (error) {
        // What a full disk leaves of it would keep it full.
        await discard();
        throw asOutage(error, key);
      }
    },

    async get(key) {
      const bytes = await readFile(pathOf(key)).catch((error: unknown) => nullIfMissing(error, key));
      if (bytes === null) await requireFolder();
      return bytes;
    },

    async head(key) {
      const found = await stat(pathOf(key)).catch((error: unknown) => nullIfMissing(error, key));
      if (found === null) await requireFolder();
      return found?.isFile() ? { sizeBytes: found.size, storedAtMs: found.mtimeMs } : null;
    },

    async *list(prefix) {
      await requireFolder();
      const startFolder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      if (startFolder !== '') requireKey(startFolder.slice(0, -1));
      yield* walk(root, startFolder, prefix);
    },

    async delete(key) {
      await unlink(pathOf(key)).catch((error: unknown) => nullIfMissing(error, key));
    },

    async check() {
      const draft = join(unfinished, randomUUID());
      try {
        await writeSynced(draft, Buffer.alloc(4_096));
      } catch (error) {
        throw asOutage(error, unfinished);
      } finally {
        await unlink(draft).catch(() => undefined);
      }
    },

    // Of the folder that only the blobs' own disk has: that of an empty mount point is another one.
    health: async () => ({ room: await roomOf(unfinished, statfs) }),
  };
}

/** Keys in ascending order; folders sort as their name with a slash, since that is how their keys go on. */
async function* walk(root: string, folder: string, prefix: string): AsyncGenerator<string> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(join(root, folder.split('/').join(sep)))) {
      if (entry.name !== UNFINISHED) names.push(entry.isDirectory() ? `${entry.name}/` : entry.name);
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return;
    throw asOutage(error, folder);
  }
  for (const name of names.sort()) {
    const key = folder + name;
    if (name.endsWith('/')) {
      if (key.startsWith(prefix) || prefix.startsWith(key)) yield* walk(root, key, prefix);
    } else if (key.startsWith(prefix)) yield key;
  }
}

async function writeSynced(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

function nullIfMissing(error: unknown, key: string): null {
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
  throw asOutage(error, key);
}

function asOutage(error: unknown, what: string): Outage {
  return new Outage(`the blob folder refuses ${what}`, error);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
