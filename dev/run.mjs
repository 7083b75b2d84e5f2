// Runs a TypeScript program of this repository: `node dev/run.mjs dev/all.ts --demo`.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installMissing } from './install.mjs';

// What the environment says wins over the file.
if (existsSync('.env')) process.loadEnvFile('.env');

const [program, ...rest] = process.argv.slice(2);
const file = resolve(program);
const help = rest.includes('--help') ? introductionOf(readFileSync(file, 'utf8')) : null;
if (help) {
  console.log(help);
  process.exit();
}
installMissing({ withDev: false });

// Node 22.18 and later run TypeScript by themselves; for those before, tsx takes the types out.
if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api');
  register();
}
process.argv = [process.argv[0], file, ...rest];
await import(pathToFileURL(file).href);

/** What stands above its code and says how it is called; null for a program that has a help of its own. */
function introductionOf(source) {
  if (/\bhelp\b/.test(source)) return null;
  const [, comment] = /^\/\*\*\n( \* `npm .*?)\n \*\/$/ms.exec(source) ?? [];
  return comment?.replace(/^ \* ?/gm, '') ?? null;
}
