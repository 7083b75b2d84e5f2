import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasProgram, ROOT, read, variables } from './compose/compose-file-under-test.ts';
import { choices, completeEnvFile, secrets } from './secrets/env-file.ts';

const run = promisify(execFile);
const names = Object.keys(secrets);
const hasCompose = hasProgram('docker-compose', ['version'], 'that docker-compose.yml is valid');

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-secrets-'));
  file = join(folder, '.env.production');
});
afterEach(() => rmSync(folder, { recursive: true }));

const npmRunSecrets = (path = file) => run('node', ['dev/run.mjs', 'dev/secrets.ts', '--file', path], { cwd: ROOT });

describe('npm run secrets', () => {
  test('is what package.json says', () => {
    expect(JSON.parse(read('package.json')).scripts.secrets).toBe('node dev/run.mjs dev/secrets.ts');
    const ignored = ['.env.production', 'alertmanager.mine.yml'];
    expect(spawnSync('git', ['check-ignore', ...ignored], { cwd: ROOT, encoding: 'utf8' }).stdout.split('\n')).toEqual([
      ...ignored,
      '',
    ]);
  });

  test('makes a file for its owner alone, and shows none of what is in it', async () => {
    const { stdout, stderr } = await npmRunSecrets();
    const made = valuesOf(await readFile(file, 'utf8'));
    expect(Object.keys(made)).toEqual(names);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const [name, value] of Object.entries(made)) {
      expect(value, name).toMatch(/^[\w-]{20,}$/);
      expect(stdout + stderr, name).not.toContain(value);
    }
    expect(stdout).toContain('ADMIN_PASSWORD of that file');
  });

  test('adds what is missing, and keeps the rest to the letter', async () => {
    const before = 'export POSTGRES_PASSWORD = of-mine \n# a note\nADMIN_PASSWORD=\nOTHER=1';
    writeFileSync(file, before, { mode: 0o644 });
    const { stdout } = await npmRunSecrets();
    const after = await readFile(file, 'utf8');
    expect(after.startsWith(`${before}\n`)).toBe(true);
    expect(after.match(/POSTGRES_PASSWORD/g)).toHaveLength(1);
    expect(Object.keys(valuesOf(after)).sort()).toEqual(
      [...names.filter((name) => name !== 'POSTGRES_PASSWORD'), 'OTHER'].sort(),
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(stdout).toMatch(/Kept as they were: POSTGRES_PASSWORD\.\nOthers could read it/);

    await npmRunSecrets();
    expect(await readFile(file, 'utf8')).toBe(after);
  });

  test('says what it could not do', async () => {
    const failed = await npmRunSecrets(folder).catch((error: { code: number; stderr: string }) => error);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringMatching(/^No secrets were written: EISDIR/) });
  });

  test('has other secrets each time', () => {
    const [one, other] = [completeEnvFile(null), completeEnvFile(null)].map(({ text }) =>
      Object.values(valuesOf(text)),
    );
    expect(new Set([...(one ?? []), ...(other ?? [])]).size).toBe(2 * names.length);
  });
});

describe('the env file and docker-compose.yml', () => {
  test('have the same variables, with the same defaults', () => {
    const required = variables.filter((variable) => variable.required).map(({ name }) => name);
    expect([...new Set(required)].sort()).toEqual([...names].sort());
    const optional = variables.filter((variable) => !variable.required).map(({ name, rest }) => [name, rest]);
    const listed = Object.entries(choices).map(([name, { byDefault }]) => [name, byDefault]);
    expect(Object.fromEntries(optional)).toEqual(Object.fromEntries(listed));
    // One default each, wherever a variable stands.
    expect(new Set(optional.map((pair) => pair.join('='))).size).toBe(listed.length);
  });

  const config = (args: readonly string[]) =>
    spawnSync('docker-compose', ['-f', 'docker-compose.yml', ...args, 'config', '-q'], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '' },
    });

  test.skipIf(!hasCompose)('are all that is needed', async () => {
    await npmRunSecrets();
    expect(config(['--env-file', file])).toMatchObject({ status: 0 });
  });

  test.skipIf(!hasCompose)(
    'without the file, or with a hole in it, nothing starts, and compose says why',
    {
      timeout: 120_000,
    },
    async () => {
      writeFileSync(file, '');
      expect(config(['--env-file', file]).stderr).toContain('run npm run secrets');
      for (const hole of names) {
        writeFileSync(file, completeEnvFile(null).text.replace(new RegExp(`^${hole}=.*$`, 'm'), `${hole}=`));
        const { status, stderr } = config(['--env-file', file]);
        expect([status, stderr], hole).toEqual([1, expect.stringContaining('run npm run secrets')]);
      }
    },
  );
});

function valuesOf(text: string): Record<string, string> {
  const lines = text.matchAll(/^(\w+)=(.+)$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
}
