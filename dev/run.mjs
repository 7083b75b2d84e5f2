// Runs a TypeScript program of this repository: `node dev/run.mjs dev/all.ts --demo`.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installMissing } from './install.mjs';

// What the environment says wins over the file.
if (existsSync('.env')) process.loadEnvFile('.env');

const [program, ...rest] = process.argv.slice(2);
installMissing({ withDev: false });

// Node 22.18 and later run TypeScript by themselves; for those before, tsx takes the types out.
if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api');
  register();
}
const file = resolve(program);
process.argv = [process.argv[0], file, ...rest];
await import(pathToFileURL(file).href);
