import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../node_modules/.cache/python', import.meta.url));
const WITHIN_MS = 300_000;

/**
 * A Python with the packages of a requirements file, at pinned versions; made once and kept. Answers the reason where
 * there can be none: no Python, or no way to the packages.
 */
export async function openPython(
  requirements: URL,
): Promise<{ readonly python: string } | { readonly missing: string }> {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(cache, digest);
  const pythonIn = (root: string) => join(root, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (existsSync(folder)) return { python: pythonIn(folder) };
  // Under a name of its own until it is whole: one that was broken off, or is being made by another run, is none.
  const draft = `${folder}.${process.pid}`;
  try {
    mkdirSync(cache, { recursive: true });
    await run('python3', ['-m', 'venv', draft], { timeout: WITHIN_MS });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    const pinned = ['--require-hashes', '--only-binary', ':all:', '--requirement', fileURLToPath(requirements)];
    await run(pythonIn(draft), [...pip, ...pinned], { timeout: WITHIN_MS });
    if (!existsSync(folder)) renameSync(draft, folder);
    return { python: pythonIn(folder) };
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    const said = (stderr.trim().split('\n').at(-1) || message).trim();
    return { missing: `no Python 3.10 or later with venv and pip that can get its packages: ${said}` };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
