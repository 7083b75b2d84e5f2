import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SECRET_CHARS_MIN } from '../http/access/server-secret.ts';
import { Unusable } from '../ports/errors.ts';
import { syncFolder } from '../ports/sync-folder.ts';
import { writeWhole } from './write-whole.ts';

const BYTES = 32;

/** The server secret of an installation that nobody gave one: made at the first start, and kept in the data folder. */
export async function ownSecret(folder: string): Promise<string> {
  const file = ownSecretFile(folder);
  const kept = read(file);
  if (kept === null) return make(file);
  if (kept.length < SECRET_CHARS_MIN) {
    throw new Unusable(
      `${file} has been cut short. Put it back from a backup; without it (delete it), all sign in anew.`,
    );
  }
  return kept;
}

export function ownSecretFile(folder: string): string {
  return join(folder, 'server-secret');
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Unusable(`The server secret cannot be read: ${(error as Error).message}`);
  }
}

/** On the disk before it is used: what was signed with a secret that a power cut takes away is worth nothing. */
async function make(file: string): Promise<string> {
  const secret = randomBytes(BYTES).toString('base64url');
  writeWhole(file, `${secret}\n`);
  await syncFolder(dirname(file));
  return secret;
}
