import { execFile } from 'node:child_process';
import { accessSync, chownSync, constants } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How the server's processes are started: PostgreSQL refuses to run as root, so root steps down to an account. */
export interface ServerAccount {
  command(binary: string, args: readonly string[]): readonly [file: string, args: readonly string[]];
  own(path: string): void;
}

const ACCOUNT = 'postgres';
const SETPRIV = '/usr/bin/setpriv';

export async function findServerAccount(): Promise<ServerAccount> {
  if (process.getuid?.() !== 0) return { command: (binary, args) => [binary, args], own: () => undefined };
  const { uid, gid } = await findAccount().catch(createAccount);
  requireSetpriv();
  // A folder below /root or a mktemp folder is closed to every other account. The server may look through such
  // folders, and what it may write is still only what it owns: its own data folder.
  const stepDown = [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--inh-caps=-all,+dac_override',
    '--ambient-caps=+dac_override',
    '--bounding-set=-all,+dac_override',
    '--',
  ];
  return {
    command: (binary, args) => [SETPRIV, [...stepDown, binary, ...args]],
    own: (path) => chownSync(path, uid, gid),
  };
}

async function findAccount() {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, ACCOUNT])).stdout)),
  );
  if (!uid || !gid) throw new Error(`no account ${ACCOUNT}`);
  return { uid, gid };
}

async function createAccount() {
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', ACCOUNT]);
    return await findAccount();
  } catch (error) {
    throw new Error(
      `PostgreSQL does not run as root, and the account '${ACCOUNT}' to run it as could not be created. ` +
        `Create it (useradd --system ${ACCOUNT}), or start Passerby as an ordinary user.`,
      { cause: error },
    );
  }
}

function requireSetpriv() {
  try {
    accessSync(SETPRIV, constants.X_OK);
  } catch {
    throw new Error(
      'PostgreSQL does not run as root, and setpriv (of util-linux), which would start it as another account, is ' +
        'missing. Install util-linux, or start Passerby as an ordinary user.',
    );
  }
}
