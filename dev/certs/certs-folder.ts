import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Unusable } from '../../ports/errors.ts';
import { lockFolder } from '../../ports/folder-lock.ts';
import { syncFolder } from '../../ports/sync-folder.ts';
import { writeWhole } from '../write-whole.ts';
import { type Issued, issueAuthority, issueServer } from './issue.ts';
import { ownNames, readServerName, type ServerName, uniqueNames } from './names.ts';

export interface Certs {
  readonly files: CertFiles;
  readonly authorityIsNew: boolean;
  /** SHA-256 of the authority's certificate, as programs show it. */
  readonly authorityFingerprint: string;
  readonly names: readonly ServerName[];
  readonly untilMs: number;
}

export type CertFiles = ReturnType<typeof filesIn>;

const DAY_MS = 24 * 60 * 60 * 1_000;
const AUTHORITY_DAYS = 3_650;

/**
 * Makes the authority, if there is none yet, and a new server certificate. Devices know the authority by its
 * certificate: once there is one, it is never touched again.
 */
export async function makeCerts({
  folder,
  names,
  days,
  nowMs,
}: {
  readonly folder: string;
  /** None: those that the certificate has already, and this machine's own. */
  readonly names: readonly ServerName[];
  readonly days: number;
  readonly nowMs: number;
}): Promise<Certs> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Two at once would each make an authority, and leave the certificate of one with the key of the other.
  const lock = lockFolder(folder);
  try {
    const files = filesIn(folder);
    const kept = readAuthority(files);
    const authority =
      kept ?? (await issueAuthority({ name: authorityName(nowMs), nowMs, untilMs: nowMs + AUTHORITY_DAYS * DAY_MS }));
    if (!kept) await write(folder, [files.authorityKey, authority.key], [files.authority, authority.cert]);
    const { validTo, fingerprint256 } = new X509Certificate(authority.cert);
    if (Date.parse(validTo) <= nowMs) {
      throw new Unusable(
        `The authority in ${files.authority} has ended on ${validTo}. Move both of its files away to get a new one; ` +
          'every device then needs the new ca.pem.',
      );
    }
    const wanted = uniqueNames(names.length > 0 ? names : [...namesOf(files.server), ...ownNames()]);
    // Nobody believes a certificate for longer than its authority.
    const untilMs = Math.min(nowMs + days * DAY_MS, Date.parse(validTo));
    const server = await issueServer({ authority, names: wanted, nowMs, untilMs });
    await write(folder, [files.serverKey, server.key], [files.server, server.cert]);
    return { files, authorityIsNew: !kept, authorityFingerprint: fingerprint256, names: wanted, untilMs };
  } finally {
    lock.release();
  }
}

function filesIn(folder: string) {
  return {
    authority: join(folder, 'ca.pem'),
    authorityKey: join(folder, 'ca-key.pem'),
    server: join(folder, 'server.pem'),
    serverKey: join(folder, 'server-key.pem'),
  };
}

function readAuthority({ authority, authorityKey }: CertFiles): Issued | null {
  const [there, missing] = existsSync(authority) ? [authority, authorityKey] : [authorityKey, authority];
  if (!existsSync(there)) return null;
  if (!existsSync(missing)) {
    throw new Unusable(
      `${there} is there, and ${missing} is not. Put it back; or, if no device knows this authority, delete the other too.`,
    );
  }
  const kept = { cert: readFileSync(authority, 'utf8'), key: readFileSync(authorityKey, 'utf8') };
  if (!belongTogether(kept))
    throw new Unusable(`${authorityKey} is not the key of ${authority}. Put the right one back.`);
  return kept;
}

function belongTogether({ cert, key }: Issued): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Of a certificate that is there: whoever renews it wants those names again, without having to know them. */
function namesOf(file: string): ServerName[] {
  try {
    const { subjectAltName = '' } = new X509Certificate(readFileSync(file));
    return [...subjectAltName.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(([, text = '']) => readServerName(text));
  } catch {
    return []; // There is none, or none of ours.
  }
}

/** The key before what names it. */
async function write(folder: string, ...files: readonly (readonly [file: string, text: string])[]): Promise<void> {
  for (const [file, text] of files) {
    writeWhole(file, text);
    await syncFolder(folder);
  }
}

/** One machine may get several in its life, and a list of trusted authorities shows nothing but names. */
function authorityName(nowMs: number): string {
  return `Passerby of ${hostname()}, ${new Date(nowMs).toISOString().slice(0, 10)}`.slice(-64);
}
