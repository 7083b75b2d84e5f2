// Installs what is missing, with nothing but Node: runs before anything that could be imported is there.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const NODE_MIN = [20, 19];

/** `withDev`: also what only the tests need. */
export function installMissing({ withDev }) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    console.error(`Passerby needs Node ${NODE_MIN.join('.')} or later; this is ${process.versions.node}.`);
    process.exit(1);
  }
  const missing = findMissing(withDev);
  if (missing.length === 0) return;
  console.log(`Installing ${missing.length} packages (once; needs the network) …`);
  const args = ['ci', '--no-fund', '--no-audit', '--loglevel=error', ...(withDev ? [] : ['--omit=dev'])];
  // npm is a script of its own on Windows, and not on the PATH of every shell: prefer the one that runs us.
  const npm = process.env.npm_execpath;
  const [file, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const { status, error } = spawnSync(file, [...first, ...args], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32' && file === 'npm',
  });
  if (status === 0) return;
  console.error(
    `The packages could not be installed: npm ci ended with ${error?.message ?? `status ${status}`}; it says why above.`,
  );
  process.exit(1);
}

/** Packages of the lock file that are not there in its version; those of other platforms do not count. */
export function findMissing(withDev) {
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8'));
  return Object.entries(packages).filter(([path, { version, dev, optional, devOptional, peer }]) => {
    if (path === '' || optional || (devOptional && !withDev) || (peer && !existsSync(`${root}${path}`))) return false;
    if (dev && !withDev) return false;
    try {
      // Some call themselves v1.2.3 and are known as 1.2.3.
      return JSON.parse(readFileSync(`${root}${path}/package.json`, 'utf8')).version.replace(/^v/, '') !== version;
    } catch {
      return true;
    }
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) installMissing({ withDev: process.argv.includes('--dev') });
