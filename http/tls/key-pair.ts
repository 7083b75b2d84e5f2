import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { Unusable } from '../../ports/errors.ts';

export interface KeyPairFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A server certificate with what signs in its name, as PEM; intermediate certificates may follow the first. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What `TLS_CERT_FILE` and `TLS_KEY_FILE` name: both of them, or neither. */
export function keyPairFiles(config: {
  readonly TLS_CERT_FILE?: string;
  readonly TLS_KEY_FILE?: string;
}): KeyPairFiles | null {
  const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile } = config;
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (certFile === undefined && keyFile === undefined) return null;
  const missing = certFile === undefined ? 'TLS_CERT_FILE' : 'TLS_KEY_FILE';
  throw new Unusable(`TLS_CERT_FILE and TLS_KEY_FILE go together: set both, or neither. ${missing} is not set.`);
}

export async function readKeyPair(files: KeyPairFiles): Promise<KeyPair> {
  const pair = await readTexts(files);
  checkKeyPair(pair, files);
  return pair;
}

/** Unchecked: for whoever wants to know whether they have changed. */
export async function readTexts({ certFile, keyFile }: KeyPairFiles): Promise<KeyPair> {
  const [cert, key] = await Promise.all([readText('TLS_CERT_FILE', certFile), readText('TLS_KEY_FILE', keyFile)]);
  return { cert, key };
}

/** Throws in words what keeps a pair from being served. */
export function checkKeyPair({ cert, key }: KeyPair, { certFile, keyFile }: KeyPairFiles): void {
  const certificate = attempt(`TLS_CERT_FILE=${certFile} is no certificate in PEM`, () => new X509Certificate(cert));
  const privateKey = attempt(`TLS_KEY_FILE=${keyFile} is no private key in PEM, without a passphrase`, () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Unusable(`TLS_KEY_FILE=${keyFile} is not the key of the certificate in TLS_CERT_FILE=${certFile}.`);
  }
  // What is left: a key that is too small, or an intermediate certificate that is broken.
  attempt(`TLS_CERT_FILE=${certFile} and TLS_KEY_FILE=${keyFile} cannot be served`, () =>
    createSecureContext(secureOptions({ cert, key })),
  );
}

/** A server takes all of this anew when its pair changes, so it is said in one place. */
export function secureOptions({ cert, key }: KeyPair): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2' };
}

/** Until when, and for whom: what an operator wants to see of a certificate. */
export function describeCertificate({ cert }: KeyPair): { readonly names: string | undefined; readonly until: string } {
  const { subjectAltName: names, validTo } = new X509Certificate(cert);
  return { names, until: new Date(validTo).toISOString() };
}

async function readText(setting: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Unusable(`${setting}=${file} cannot be read: ${(error as Error).message}`);
  }
}

function attempt<Result>(words: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new Unusable(`${words}: ${(error as Error).message}`);
  }
}
