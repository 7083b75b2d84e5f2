import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const composeText = read('docker-compose.yml');

export interface Container {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly networks: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly [setting: string]: unknown;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Container>>;
  readonly networks: Readonly<
    Record<
      string,
      { readonly internal?: boolean; readonly ipam?: { readonly config: readonly { readonly subnet: string }[] } }
    >
  >;
  readonly volumes: Readonly<Record<string, object>>;
}

/** As it is written, with its anchors followed; variables are still variables. */
export const compose = parse(composeText, { merge: true }) as ComposeFile;
export const containers = Object.entries(compose.services);

/** `${NAME:?words}` and `${NAME:-default}`, wherever they stand. */
export const variables = [...composeText.matchAll(/\$\{(\w+):([?-])([^}]*)\}/g)].map(
  ([, name = '', kind, rest = '']) => ({ name, required: kind === '?', rest }),
);

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** In the repository, and not merely on this machine. */
export function isThere(path: string): boolean {
  return existsSync(join(ROOT, path)) && repositoryFiles.some((file) => isWithin(file, path));
}

export const repositoryFiles = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter(Boolean);

function isWithin(file: string, path: string): boolean {
  const folder = path.replace(/\/$/, '');
  return file === folder || file.startsWith(`${folder}/`);
}

/** Whether a program is here that a check is made with; a check that cannot be made says so. */
export function hasProgram(program: string, args: readonly string[], why: string): boolean {
  if (spawnSync(program, args, { stdio: 'ignore' }).status === 0) return true;
  console.warn(`Not checked for want of ${program}: ${why}`);
  return false;
}
