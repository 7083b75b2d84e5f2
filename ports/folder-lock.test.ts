import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FolderInUse, lockFolder } from './folder-lock.ts';

/** What the disk says instead of making a link. */
const disk = vi.hoisted(() => ({ refusal: '' }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const linkSync: typeof fs.linkSync = (from, to) => {
    if (disk.refusal === '') return fs.linkSync(from, to);
    throw Object.assign(new Error(`${disk.refusal}: link`), { code: disk.refusal });
  };
  return { ...fs, linkSync };
});

let folder: string;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-lock-'));
  children = [];
});
afterEach(async () => {
  disk.refusal = '';
  await Promise.all(children.map(kill));
  rmSync(folder, { recursive: true, force: true });
});

const file = () => join(folder, 'passerby.lock');

/** A process of its own that tries to lock the folder; says how that went, and lives on. */
async function lockElsewhere(): Promise<{ readonly said: string; readonly child: ChildProcess }> {
  const program = `
    import { lockFolder } from ${JSON.stringify(fileURLToPath(new URL('./folder-lock.ts', import.meta.url)))};
    try {
      lockFolder(${JSON.stringify(folder)});
      console.log('locked');
    } catch (error) {
      console.log(error.message);
    }
    setInterval(() => {}, 1_000);
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const said = await new Promise<string>((settle) =>
    child.stdout.once('data', (bytes) => settle(String(bytes).trim())),
  );
  return { said, child };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await new Promise((settle) => child.once('exit', settle));
}

test('a second process is told who holds the folder, for as long as that one lives', async () => {
  const first = await lockElsewhere();
  expect(first.said).toBe('locked');
  expect(() => lockFolder(folder)).toThrow(FolderInUse);
  expect(() => lockFolder(folder)).toThrow(`process ${first.child.pid}`);
  expect((await lockElsewhere()).said).toContain(`process ${first.child.pid}`);
  await kill(first.child);
  const lock = lockFolder(folder);
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject({ pid: process.pid });
  expect((await lockElsewhere()).said).toContain(`process ${process.pid}`);
  lock.release();
  expect(existsSync(file())).toBe(false);
  expect((await lockElsewhere()).said).toBe('locked');
});

test('of several processes that start at once, one gets it', async () => {
  const all = await Promise.all(Array.from({ length: 4 }, lockElsewhere));
  expect(all.filter(({ said }) => said === 'locked')).toHaveLength(1);
});

test.each([
  ['nothing', ''],
  ['half of it', '{"pid":12'],
  ['no JSON', '\0\0\0\0'],
  ['null', 'null'],
  ['no process', '{"started":"x"}'],
])('a lock torn by a power cut does not hold: %s', (_what, text) => {
  writeFileSync(file(), text);
  lockFolder(folder).release();
});

/** The lock as this process writes it, with something changed. */
function forge(change: object, beatAgoMs = 0) {
  rmSync(file(), { force: true });
  const lock = lockFolder(folder);
  const own = JSON.parse(readFileSync(file(), 'utf8'));
  lock.release();
  writeFileSync(file(), JSON.stringify({ ...own, ...change }));
  const beat = new Date(Date.now() - beatAgoMs);
  utimesSync(file(), beat, beat);
}

test('a lock of an earlier process with our own number does not hold', () => {
  forge({ started: '123' });
  lockFolder(folder).release();
});

test.runIf(process.platform === 'linux')('nor one whose number another program has now', () => {
  forge({ pid: process.ppid, started: '123' });
  lockFolder(folder).release();
});

test.each(['EPERM', 'ENOTSUP', 'ENOSYS'])('a disk that knows no links has a lock all the same: %s', async (refusal) => {
  disk.refusal = refusal;
  const lock = lockFolder(folder);
  expect((await lockElsewhere()).said).toContain(`process ${process.pid}`);
  lock.release();
  forge({ namespace: 'elsewhere' });
  expect(() => lockFolder(folder)).toThrow('of another container');
});

test('what else keeps a lock from being made is told', () => {
  disk.refusal = 'EIO';
  expect(() => lockFolder(folder)).toThrow('EIO');
});

test('a holder in another container holds for as long as its lock beats', () => {
  forge({ namespace: 'elsewhere' }, 5_000);
  expect(() => lockFolder(folder)).toThrow('of another container');
  forge({ namespace: 'elsewhere' }, 11_000);
  lockFolder(folder).release();
});

test('a lock that is held beats', async () => {
  const lock = lockFolder(folder);
  utimesSync(file(), 0, 0);
  await expect.poll(() => Date.now() - statSync(file()).mtimeMs, { timeout: 5_000 }).toBeLessThan(5_000);
  lock.release();
});

test('a folder that cannot be written is no lock', () => {
  expect(() => lockFolder(join(folder, 'missing'))).toThrow('ENOENT');
});
