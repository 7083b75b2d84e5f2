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
 * every later backup; or somebody has written the notes to a file.
 */
interface LaterNotes {
  readonly notes: readonly ErasureNote[];
  /** Later backups that could not be asked. */
  readonly damaged: readonly string[];
}

export async function readLaterNotes(backup: string, target: Target, progress: Progress): Promise<LaterNotes> {
  const notes: ErasureNote[] = [];
  const damaged: string[] = [];
  for (const later of target.backups().filter((path) => path > backup)) {
    const use = async (key: string, bytes: Buffer) => {
      const note = readErasureNote(bytes);
      if (!note) throw new Damaged(later, `${key} is no note of an erasure`);
      notes.push(note);
    };
    try {
      const wants = (key: string) => key.startsWith(ERASURE_NOTES);
      await readBlobs({ target, backup: later, manifest: readManifest(later), progress, wants, use });
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      damaged.push(later);
    }
  }
  return { notes, damaged };
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
