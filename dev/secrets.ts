import {
  chmodSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { parseArgs } from 'node:util';
import { completeEnvFile } from './secrets/env-file.ts';

/** `npm run secrets [-- --file PATH]`: the env file of docker-compose.yml. It never prints a secret. */
const ONLY_ME = 0o600;

try {
  const { values } = parseArgs({ options: { file: { type: 'string', default: '.env.production' } } });
  writeSecrets(values.file);
} catch (error) {
  console.error(`No secrets were written: ${(error as Error).message}\nUsage: npm run secrets [-- --file PATH]`);
  process.exitCode = 1;
}

function writeSecrets(file: string): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : null;
  const { text, made, kept } = completeEnvFile(before);
  const wasOpen = before !== null && process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0;
  if (made.length > 0) replaceFile(before === null ? file : realpathSync(file), text);
  else if (wasOpen) chmodSync(file, ONLY_ME);

  const lines = [
    made.length === 0
      ? `${file} has all ${kept.length} secrets already; none was changed.`
      : `${before === null ? 'Wrote' : 'Added to'} ${file}: ${made.join(', ')}.`,
  ];
  if (made.length > 0 && kept.length > 0) lines.push(`Kept as they were: ${kept.join(', ')}.`);
  if (wasOpen) lines.push('Others could read it; now only you can.');
  if (before === null) lines.push('Only you can read it. Keep a copy in a safe place; git ignores .env.production.');
  if (made.includes('POSTGRES_PASSWORD')) {
    lines.push(
      'If TimescaleDB has a volume of an earlier start, it knows the earlier POSTGRES_PASSWORD: put that one back.',
    );
  }
  lines.push(
    '',
    '  Console        user admin, with ADMIN_PASSWORD of that file',
    '  Grafana        user admin, with GRAFANA_ADMIN_PASSWORD of that file',
    `  Start          docker compose --env-file ${file} up -d --build`,
  );
  console.log(lines.join('\n'));
}

/** In one move: a file that is cut short by a crash would have lost the passwords of volumes that are there. */
function replaceFile(file: string, text: string): void {
  const fresh = `${file}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, text, { mode: ONLY_ME, flag: 'wx' });
  renameSync(fresh, file);
}
