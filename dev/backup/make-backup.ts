import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { Unusable } from '../../ports/errors.ts';
import { ownSecretFile } from '../own-secret.ts';
import { writeWhole } from '../write-whole.ts';
import { writeBlobs } from './blob-parts.ts';
import { type Manifest, writeManifest } from './manifest.ts';
import { openInstallation } from './open-installation.ts';
import type { Progress } from './progress.ts';
import type { BackupConfig } from './read-backup-config.ts';
import { writeTables } from './table-parts.ts';
import type { OwnTarget } from './target.ts';

export const SECRET_FILE = 'server-secret';

/**
 * Rows first, then what they name: a picture is stored before the record that names it, and no picture is ever
 * changed, so the pictures that are there after the rows were read are those of the rows, and perhaps a few more.
 */
export async function makeBackup({
  config,
  target,
  withSecret,
  nowMs,
  progress,
}: {
  readonly config: BackupConfig;
  readonly target: OwnTarget;
  readonly withSecret: boolean;
  readonly nowMs: number;
  readonly progress: Progress;
}) {
  const installation = await openInstallation(config.DATA_DIR);
  try {
    const { client, blobs, folder } = installation;
    const within = relative(folder, target.folder);
    if (!within.startsWith('..') && !isAbsolute(within)) {
      throw new Unusable(`${target.folder} lies in ${folder}, and would be lost with it. Take another disk.`);
    }
    const { path, finish } = target.begin(nowMs);
    const database = await writeTables(client, path, progress);
    const { blobs: blobPart, copied } = await writeBlobs({ blobs, target, backup: path, progress });
    const manifest: Manifest = {
      format: 1,
      ...database,
      blobs: blobPart,
      server_secret: writeSecret({ config, folder, backup: path, withSecret }),
    };
    writeManifest(path, manifest);
    return { backup: await finish(), manifest, copied };
  } finally {
    await installation.close();
  }
}

/** Without it, what devices and people show to be let in is worth nothing: of that the database has only digests. */
function writeSecret({
  config,
  folder,
  backup,
  withSecret,
}: {
  readonly config: BackupConfig;
  readonly folder: string;
  readonly backup: string;
  readonly withSecret: boolean;
}): Manifest['server_secret'] {
  if (config.SERVER_SECRET !== undefined) return 'environment';
  const file = ownSecretFile(folder);
  if (!withSecret || !existsSync(file)) return 'left out';
  const secret = readFileSync(file, 'utf8');
  writeWhole(join(backup, SECRET_FILE), secret);
  return { sha256: createHash('sha256').update(secret).digest('hex') };
}
