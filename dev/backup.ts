/**
 * `npm run backup -- FOLDER [--without-secret] [--keep N]`
 * `npm run backup -- --erasures-only FILE`
 *
 * Adds a backup of the embedded installation (DATA_DIR) to a folder of backups, whether or not `npm start` runs: all
 * rows as they are at one moment, the pictures, and the server's secret. Pictures that an earlier backup in the same
 * folder has are not copied again. Until all of it is there, it is no backup.
 *
 *   --without-secret   leaves out the server's secret: then every device is paired anew after a restore
 *   --keep N           deletes all but the N newest backups afterwards, and pictures that none of these has
 *   --erasures-only F  makes no backup, and writes to a file what was ever erased, for a restore of an older backup
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Unusable } from '../ports/errors.ts';
import { writeNotes } from './backup/erasure-notes.ts';
import { explain } from './backup/explain.ts';
import { makeBackup } from './backup/make-backup.ts';
import { createProgress, inWords } from './backup/progress.ts';
import { type BackupConfig, readBackupConfig } from './backup/read-backup-config.ts';
import { type OwnTarget, withTarget } from './backup/target.ts';
import { goOnUnheard } from './go-on-unheard.ts';

interface Asked {
  readonly folder: string;
  readonly withSecret: boolean;
  readonly keep: number | null;
}

const USAGE = 'Usage: npm run backup -- FOLDER [--without-secret] [--keep N] | --erasures-only FILE';
goOnUnheard();
// What runs for us, such as a database, ends with us.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const progress = createProgress(console.log);
try {
  const asked = readArguments();
  const config = readBackupConfig(process.env);
  if ('erasuresFile' in asked) {
    const count = await writeNotes(asked.erasuresFile, join(config.DATA_DIR, 'blobs'));
    console.log(`Wrote ${count} notes of erasures to ${asked.erasuresFile}.`);
  } else await withTarget(asked.folder, (target) => backUp(asked, target, config));
} catch (error) {
  console.error(explain(error, USAGE));
  process.exitCode = 1;
} finally {
  progress.end();
}

async function backUp({ withSecret, keep }: Asked, target: OwnTarget, config: BackupConfig): Promise<void> {
  const made = await makeBackup({ config, target, withSecret, nowMs: Date.now(), progress });
  const { tables, blobs, server_secret, snapshot_at } = made.manifest;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  console.log(`Made ${made.backup}, of what was there at ${snapshot_at}:
  ${rows} rows of ${tables.length} tables, ${inWords(tables.reduce((sum, { bytes }) => sum + bytes, 0))}
  ${blobs.count} pictures, ${inWords(blobs.bytes)}; ${made.copied.count} of them, ${inWords(made.copied.bytes)}, were not there before`);
  if (blobs.missing > 0) console.log(`  ${blobs.missing} pictures had their time while it was made, and are not in it`);
  console.log(
    typeof server_secret === 'object'
      ? `IT HOLDS THE SERVER'S SECRET, digests of passwords and pictures of people. Keep it where nobody else can read it.`
      : `The server's secret is not in it (${server_secret}). It holds digests of passwords and pictures of people.`,
  );
  if (keep !== null) {
    const pruned = await target.prune(keep);
    console.log(`Deleted ${pruned.backups} older backups, and ${pruned.blobs} pictures that only they had.`);
  }
}

function readArguments(): Asked | { readonly erasuresFile: string } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'without-secret': { type: 'boolean', default: false },
      keep: { type: 'string' },
      'erasures-only': { type: 'string' },
    },
  });
  const [folder, ...more] = positionals;
  // npm runs us in the folder of the package, wherever it was called.
  const from = process.env.INIT_CWD ?? '';
  if (values['erasures-only'] !== undefined && folder === undefined) {
    return { erasuresFile: resolve(from, values['erasures-only']) };
  }
  if (folder === undefined || more.length > 0 || values['erasures-only'] !== undefined)
    throw new Unusable(`Into which folder?\n${USAGE}`);
  const keep = values.keep === undefined ? null : Number(values.keep);
  if (keep !== null && (!Number.isInteger(keep) || keep < 1)) {
    throw new Unusable(`--keep takes a whole number from 1, not '${values.keep}'.`);
  }
  return { folder: resolve(from, folder), withSecret: !values['without-secret'], keep };
}
