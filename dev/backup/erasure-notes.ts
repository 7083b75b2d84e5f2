import { readFileSync } from 'node:fs';
import { createFilesystemBlobs } from '../../ports/blobs/filesystem.ts';
import { Unusable } from '../../ports/errors.ts';
import { ERASURE_NOTES, type ErasureNote, readErasureNote } from '../../schemas/erasure-note.ts';
import { writeWhole } from '../write-whole.ts';
import { readBlobs } from './blob-parts.ts';
import { Damaged, readManifest } from './manifest.ts';
import type { Progress } from './progress.ts';
import type { Target } from './target.ts';

/**
 * What was erased after a backup was made must not come back with it. That is noted among the blobs, and so it is in
 * every later backup; or somebody has written the notes to a file. All others are asked, and not those that are named for
 * a later time: a clock may have been set back, and what an older one knows does no harm.
 */
interface OtherNotes {
  readonly notes: readonly ErasureNote[];
  /** Backups that could not be asked. */
  readonly damaged: readonly string[];
}

export async function readOtherNotes(backup: string, target: Target, progress: Progress): Promise<OtherNotes> {
  const notes = new Map<string, ErasureNote>();
  const damaged: string[] = [];
  for (const other of target.backups().filter((path) => path !== backup)) {
    const use = async (key: string, bytes: Buffer) => {
      const note = readErasureNote(bytes);
      if (!note) throw new Damaged(other, `${key} is no note of an erasure`);
      notes.set(key, note);
    };
    try {
      const wants = (key: string) => key.startsWith(ERASURE_NOTES);
      await readBlobs({ target, backup: other, manifest: readManifest(other), progress, wants, use });
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      damaged.push(other);
    }
  }
  return { notes: [...notes.values()], damaged };
}

/** One note a line. Answers how many. */
export async function writeNotes(file: string, blobsFolder: string): Promise<number> {
  const blobs = createFilesystemBlobs({ folder: blobsFolder, known: true, shared: true });
  const lines: string[] = [];
  for await (const key of blobs.list(ERASURE_NOTES)) {
    const note = readErasureNote((await blobs.get(key)) ?? Buffer.alloc(0));
    if (!note) throw new Unusable(`${key} is no note of an erasure.`);
    lines.push(`${JSON.stringify(note)}\n`);
  }
  writeWhole(file, lines.join(''));
  return lines.length;
}

export function readNotes(file: string): readonly ErasureNote[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Unusable(`The erasures cannot be read: ${(error as Error).message}`);
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, at) => {
      const note = readErasureNote(Buffer.from(line));
      if (!note) throw new Unusable(`${file}: line ${at + 1} is no note of an erasure.`);
      return note;
    });
}
