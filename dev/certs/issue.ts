import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { ServerName } from './names.ts';

/** A certificate and its key, as PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

interface Validity {
  readonly nowMs: number;
  readonly untilMs: number;
}

/** P-256: the curve for which small devices have hardware, or at least the fastest code. */
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };
const crypto = webcrypto;
/** A device's clock may be somewhat behind. */
const EARLIER_MS = 60 * 60 * 1_000;
const COMMON_NAME_CHARS_MAX = 64;

/** An authority that signs servers' certificates and nothing below them. */
export async function issueAuthority({ name, nowMs, untilMs }: Validity & { readonly name: string }): Promise<Issued> {
  const keys = await makeKeys();
  const subject = commonName(name);
  const made = await X509CertificateGenerator.create(
    {
      ...base({ nowMs, untilMs }),
      subject,
      issuer: subject,
      publicKey: keys.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
        await AuthorityKeyIdentifierExtension.create(keys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  return { cert: pemOf(made), key: await exportKey(keys.privateKey) };
}

/** A server's certificate for all of these names, signed by an authority. */
export async function issueServer({
  authority,
  names,
  nowMs,
  untilMs,
}: Validity & { readonly authority: Issued; readonly names: readonly ServerName[] }): Promise<Issued> {
  const signer = new X509Certificate(authority.cert);
  const keys = await makeKeys();
  const [first] = names;
  const made = await X509CertificateGenerator.create(
    {
      ...base({ nowMs, untilMs }),
      // Only old programs look here; the names that count are below, and may be longer.
      subject: commonName(first && first.value.length <= COMMON_NAME_CHARS_MAX ? first.value : 'passerby'),
      issuer: signer.subjectName,
      publicKey: keys.publicKey,
      signingKey: await importKey(authority.key),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([...names]),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
        await AuthorityKeyIdentifierExtension.create(signer.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  return { cert: pemOf(made), key: await exportKey(keys.privateKey) };
}

function base({ nowMs, untilMs }: Validity) {
  // 126 bits of chance; the first byte makes it positive and of one length.
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return {
    serialNumber: serial.toString('hex'),
    notBefore: new Date(nowMs - EARLIER_MS),
    notAfter: new Date(untilMs),
    signingAlgorithm: SIGNATURE,
  };
}

/** Not as text, in which a comma would begin another part of the name. */
function commonName(value: string) {
  return [{ CN: [value] }];
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), PemConverter.PrivateKeyTag)}\n`;
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), ALGORITHM, false, ['sign']);
}
