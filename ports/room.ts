import { statfs } from 'node:fs/promises';
import { Outage } from './errors.ts';

/** How much room there is on a disk. */
export interface Room {
  readonly totalBytes: number;
  readonly usedBytes: number;
  /** For this account: less than what is not used, where a file system keeps some back. */
  readonly freeBytes: number;
  /**
   * How many of the names for files are left, from 0 to 1, since many small files may take all of them before all
   * bytes are taken; null where a file system does not count them.
   */
  readonly freeNamesShare: number | null;
}

/** As that of node:fs/promises. */
export type Statfs = (path: string) => Promise<{
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}>;

/** The room on the disk that a folder is on; a folder that is not there, or cannot be looked at, is an `Outage`. */
export async function roomOf(folder: string, look: Statfs = statfs): Promise<Room> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await look(folder).catch((error: unknown) => {
    throw new Outage(`the disk of ${folder} cannot be looked at`, error);
  });
  return {
    totalBytes: blocks * bsize,
    usedBytes: (blocks - bfree) * bsize,
    freeBytes: bavail * bsize,
    freeNamesShare: files > 0 ? ffree / files : null,
  };
}
