import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findServerAccount } from './server-account.ts';

/** PostgreSQL's own way of looking for its other binaries: it asks the system whether it may run them. */
const MAY_RUN = 'require("node:fs").accessSync(process.argv[1], 1); console.log(process.getuid(), process.geteuid())';

let folder: string;
let binary: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-account-'));
  mkdirSync(join(folder, 'bin'));
  binary = join(folder, 'bin', 'binary');
  writeFileSync(binary, '#!/bin/sh\n', { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([0o700, 0o755])(
  'below a folder of mode %o the server may run its binaries, and is not root',
  async (mode) => {
    chmodSync(folder, mode);
    const account = await findServerAccount([binary, folder]);
    const [file, args] = account.command(process.execPath, ['-e', MAY_RUN, binary]);
    const [uid, effectiveUid] = execFileSync(file, args, { encoding: 'utf8' }).trim().split(' ').map(Number);
    expect(uid).not.toBe(0);
    expect(effectiveUid).toBe(uid);
  },
);

test('rights of root are given away where nothing is closed', async () => {
  chmodSync(folder, 0o755);
  const account = await findServerAccount([binary, folder]);
  const status = account.command('/bin/cat', ['/proc/self/status']);
  if (process.platform !== 'linux') return;
  const text = execFileSync(status[0], status[1], { encoding: 'utf8' });
  expect(/^CapEff:\s+(\S+)$/m.exec(text)?.[1]).toBe('0000000000000000');
});
