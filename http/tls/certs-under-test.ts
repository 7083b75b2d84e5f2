import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Issued, issueAuthority, issueServer } from '../../dev/certs/issue.ts';
import { readServerName } from '../../dev/certs/names.ts';

const HOUR_MS = 3_600_000;

/** An authority, and a folder that holds a pair of its making. */
export interface TestCerts {
  /** What a client is to trust. */
  readonly ca: string;
  readonly folder: string;
  readonly files: { readonly certFile: string; readonly keyFile: string };
  issue(...names: readonly string[]): Promise<Issued>;
  write(pair: Partial<Issued>): void;
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

export async function makeTestCerts(): Promise<TestCerts> {
  const folder = mkdtempSync(join(tmpdir(), 'passerby-tls-'));
  folders.push(folder);
  const files = { certFile: join(folder, 'server.pem'), keyFile: join(folder, 'server-key.pem') };
  const times = { nowMs: Date.now(), untilMs: Date.now() + HOUR_MS };
  const authority = await issueAuthority({ name: 'Test', ...times });
  const write = ({ cert, key }: Partial<Issued>) => {
    if (cert !== undefined) writeFileSync(files.certFile, cert);
    if (key !== undefined) writeFileSync(files.keyFile, key);
  };
  const issue = (...names: readonly string[]) => issueServer({ authority, names: names.map(readServerName), ...times });
  write(await issue('localhost', '127.0.0.1'));
  return { ca: authority.cert, folder, files, issue, write };
}
