import { type Static, Type } from 'typebox';
import { readConfig } from '../../http/read-config.ts';
import { Unusable } from '../../ports/errors.ts';
import { embeddedConfig } from '../config.ts';

const backupConfig = Type.Pick(embeddedConfig, ['DATA_DIR', 'DATABASE_URL', 'SERVER_SECRET']);

export type BackupConfig = Static<typeof backupConfig>;

/** Of the settings of `npm start`, those that say what there is to back up. */
export function readBackupConfig(env: Readonly<Record<string, string | undefined>>): BackupConfig {
  const config = readConfig(backupConfig, env);
  if (config.DATABASE_URL === undefined) return config;
  throw new Unusable(
    'DATABASE_URL names a database of your own, which its own tools back up: docs/backup.md says how. ' +
      'This is for the embedded one.',
  );
}
