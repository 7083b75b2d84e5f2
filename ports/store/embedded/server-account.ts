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

/**
 * Folders below /root, or made by mktemp, are closed to every other account. There, and only there, the server may
 * pass through folders and read files that are not its own, but write none; all other rights of root are gone. The
 * secure bit is for when it asks the system what it may, which is otherwise answered as if it had no such right.
 */
const PASS_THROUGH = [
  '--securebits=+no_setuid_fixup',
  '--inh-caps=-all,+dac_read_search',
  '--ambient-caps=+dac_read_search',
  '--bounding-set=-all,+dac_read_search',
];

/** `paths` are what the server has to reach. */
export async function findServerAccount(paths: readonly string[]): Promise<ServerAccount> {
  if (process.getuid?.() !== 0) return { command: (binary, args) => [binary, args], own: () => undefined };
  requireSetpriv();
  const { uid, gid } = await findAccount().catch(createAccount);
  const stepDown = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  const rights = (await canReach(stepDown, paths)) ? [] : PASS_THROUGH;
  return {
    command: (binary, args) => [SETPRIV, [...stepDown, ...rights, '--', binary, ...args]],
    own: (path) => chownSync(path, uid, gid),
  };
}

async function canReach(stepDown: readonly string[], paths: readonly string[]): Promise<boolean> {
  const reach = (path: string) => run(SETPRIV, [...stepDown, '--', 'test', '-x', path]);
  return Promise.all(paths.map(reach)).then(
    () => true,
    () => false,
  );
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
