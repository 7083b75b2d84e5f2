import { open } from 'node:fs/promises';

/** Brings the names in a folder to the disk. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // Folders cannot be opened there, and NTFS journals names by itself.
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
