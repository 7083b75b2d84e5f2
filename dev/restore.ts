/**
 * `npm run restore -- FOLDER [--into DATA_DIR] [--erasures FILE] [--verify]`
 *
 * Makes of a backup an installation as it was: of the newest in a folder of backups, or of that one. It takes an empty
 * data folder (DATA_DIR, if none is named). Until all of it is there, `npm start` does not take it.
 *
 * What was erased is erased again, also what was erased after the backup, as far as a later one in the folder knows it.
 *
 *   --erasures F   erases what this file says too, of `npm run backup -- --erasures-only F`
 *   --verify       only looks whether the backup is whole and as it was written
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Unusable } from '../ports/errors.ts';
import { readNotes } from './backup/erasure-notes.ts';
import { explain } from './backup/explain.ts';
import { readManifest } from './backup/manifest.ts';
import { createProgress, inWords } from './backup/progress.ts';
import { readBackupConfig } from './backup/read-backup-config.ts';
import { restoreBackup, verifyBackup } from './backup/restore-backup.ts';
import { findBackup } from './backup/target.ts';
import { goOnUnheard } from './go-on-unheard.ts';

const USAGE = 'Usage: npm run restore -- FOLDER [--into DATA_DIR] [--erasures FILE] [--verify]';
goOnUnheard();
// What runs for us, such as a database, ends with us.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const progress = createProgress(console.log);
try {
  const { folder, into, erasuresFile, verify } = readArguments();
  const { backup, target } = findBackup(folder);
  const manifest = readManifest(backup);
  const { tables, blobs, server_secret } = manifest;
  const what = `${tables.reduce((sum, { rows }) => sum + rows, 0)} rows of ${tables.length} tables, and ${blobs.count} pictures (${inWords(blobs.bytes)})`;
  console.log(`${backup}: what was there at ${manifest.snapshot_at}`);
  if (verify) {
    await verifyBackup({ backup, target, manifest, progress });
    console.log(`It is whole: ${what}.`);
  } else {
    const notes = erasuresFile === null ? [] : readNotes(erasuresFile);
    const { unplaced, erasures, damaged } = await restoreBackup({
      backup,
      target,
      manifest,
      dataDir: into,
      notes,
      progress,
    });
    console.log(`Restored into ${into}: ${what}.`);
    for (const name of unplaced) console.log(`${name} is no table of Passerby's, and was left out.`);
    if (erasures > 0) console.log(`Erased again what ${erasures} erasures had taken.`);
    for (const path of damaged) {
      console.log(`WHAT WAS ERASED SINCE MAY BE THERE AGAIN: ${path}, which may know of it, is damaged.`);
    }
    if (server_secret === 'environment') console.log('Start it with the SERVER_SECRET that it had.');
    if (server_secret === 'left out') console.log('The backup has no secret: pair every device anew.');
    console.log(`Start it: DATA_DIR=${into} npm start`);
  }
} catch (error) {
  console.error(explain(error, USAGE));
  process.exitCode = 1;
} finally {
  progress.end();
}

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { into: { type: 'string' }, erasures: { type: 'string' }, verify: { type: 'boolean', default: false } },
  });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new Unusable(`Of which folder?\n${USAGE}`);
  // npm runs us in the folder of the package, wherever it was called.
  const from = process.env.INIT_CWD ?? '';
  const into = values.into === undefined ? resolve(readBackupConfig(process.env).DATA_DIR) : resolve(from, values.into);
  const erasuresFile = values.erasures === undefined ? null : resolve(from, values.erasures);
  return { folder: resolve(from, folder), into, erasuresFile, verify: values.verify };
}
