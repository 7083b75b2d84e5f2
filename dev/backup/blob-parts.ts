import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import pLimit from 'p-limit';
import { type Blobs, isKey } from '../../ports/blobs/blobs.ts';
import { syncFolder } from '../../ports/sync-folder.ts';
import { type BlobEntry, isListWhole, readBlobList, writeBlobList } from './blob-list.ts';
import { inBatches } from './in-batches.ts';
import { Damaged, type Manifest } from './manifest.ts';
import type { Progress } from './progress.ts';
import type { OwnTarget, Target } from './target.ts';

/** Waiting for a disk to have one is most of the time that a blob takes. */
const AT_ONCE = 16;
const BATCH = 256;

interface WrittenBlobs {
  readonly blobs: Manifest['blobs'];
  /** What was not in the target before. */
  readonly copied: { readonly count: number; readonly bytes: number };
}

/**
 * Blobs lie in the target once, whatever backups name them, each by its digest: so the next backup copies only what is
 * new. What was there at the last backup, and has the same size and time since, is not even read again.
 */
export async function writeBlobs({
  blobs,
  target,
  backup,
  progress,
}: {
  readonly blobs: Blobs;
  readonly target: OwnTarget;
  readonly backup: string;
  readonly progress: Progress;
}): Promise<WrittenBlobs> {
  const last = target.backups().at(-1);
  const known = createLookup(
    last !== undefined && (await isListWhole(last).catch(() => false)) ? readBlobList(last) : null,
  );
  const limit = pLimit(AT_ONCE);
  const sum = { count: 0, bytes: 0, missing: 0 };
  const copied = { count: 0, bytes: 0 };

  async function keep(key: string, before: BlobEntry | null): Promise<BlobEntry | null> {
    const head = await blobs.head(key);
    if (head === null) return null;
    const isAsBefore = before?.sizeBytes === head.sizeBytes && before.storedAtMs === head.storedAtMs;
    if (isAsBefore && (await hasBlob(target, before))) return before;
    const bytes = await blobs.get(key);
    if (bytes === null) return null;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const entry = { key, sha256, sizeBytes: bytes.length, storedAtMs: head.storedAtMs };
    if (await hasBlob(target, entry)) return entry;
    await placeBlob(target, sha256, bytes);
    copied.count += 1;
    copied.bytes += bytes.length;
    return entry;
  }

  async function* entries(): AsyncGenerator<BlobEntry> {
    for await (const batch of inBatches(keys.read(), BATCH)) {
      const before: (BlobEntry | null)[] = [];
      for (const key of batch) before.push(await known(key));
      const kept = await Promise.all(batch.map((key, at) => limit(keep, key, before[at] ?? null)));
      const found = kept.filter((entry) => entry !== null);
      const folders = new Set(found.map(({ sha256 }) => target.folderOf(sha256)));
      await Promise.all([...folders].map(syncFolder));
      sum.missing += kept.length - found.length;
      for (const entry of found) {
        sum.count += 1;
        sum.bytes += entry.sizeBytes;
        progress.add(entry.sizeBytes, 1);
        yield entry;
      }
    }
  }

  // All keys first, which takes seconds: what comes while the pictures are copied is not of this backup.
  progress.begin('looking for pictures');
  const keys = await listKeys(blobs, target.draft());
  progress.begin('pictures', keys.count);
  const sha256 = await writeBlobList(backup, entries());
  return { blobs: { ...sum, sha256 }, copied };
}

export async function readBlobs({
  target,
  backup,
  manifest,
  progress,
  wants = () => true,
  use,
}: {
  readonly target: Target;
  readonly backup: string;
  readonly manifest: Manifest;
  readonly progress: Progress;
  /** By its key; all, unless it is said. */
  readonly wants?: (key: string) => boolean;
  readonly use: (key: string, bytes: Buffer) => Promise<unknown>;
}): Promise<void> {
  if (!(await isListWhole(backup, manifest))) throw new Damaged(backup, 'the list of its pictures has been changed');
  const limit = pLimit(AT_ONCE);
  const readOne = async ({ key, sha256, sizeBytes }: BlobEntry) => {
    const path = join(target.folderOf(sha256), sha256);
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (bytes === null) throw new Damaged(backup, `${path} is missing (${key})`);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new Damaged(
        backup,
        `${path} has been changed (${key}); once it is deleted, the next backup copies it anew`,
      );
    }
    await use(key, bytes);
    progress.add(sizeBytes, 1);
  };
  progress.begin('pictures', manifest.blobs.count);
  for await (const entries of inBatches(readBlobList(backup), BATCH)) {
    await Promise.all(entries.filter(({ key }) => wants(key)).map((entry) => limit(readOne, entry)));
  }
}

async function hasBlob(target: Target, { sha256, sizeBytes }: BlobEntry): Promise<boolean> {
  const found = await stat(join(target.folderOf(sha256), sha256)).catch(() => null);
  return found?.size === sizeBytes;
}

/** Whole or not at all; two that have the same bytes may be placed at once. */
async function placeBlob(target: OwnTarget, sha256: string, bytes: Buffer): Promise<void> {
  const folder = target.folderOf(sha256);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = target.draft();
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(draft, join(folder, sha256));
}

/** In a file, since there may be millions. It goes with the unfinished backup's folder. */
async function listKeys(blobs: Blobs, file: string) {
  let count = 0;
  const lines = async function* () {
    for await (const key of blobs.list('')) {
      if (!isKey(key)) continue; // Somebody has put a file of theirs there.
      count += 1;
      yield `${key}\n`;
    }
  };
  await pipeline(lines, createWriteStream(file, { mode: 0o600, flags: 'wx' }));
  return { count, read: () => createInterface({ input: createReadStream(file) }) };
}

/** Finds entries by keys that are asked for in their order. */
function createLookup(entries: AsyncGenerator<BlobEntry> | null): (key: string) => Promise<BlobEntry | null> {
  let next: BlobEntry | null = null;
  let over = entries === null;
  return async (key) => {
    while (!over && (next === null || next.key < key)) {
      const read = await entries?.next();
      over = read?.done !== false;
      next = over ? null : (read?.value as BlobEntry);
    }
    return next?.key === key ? next : null;
  };
}
