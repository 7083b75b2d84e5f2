import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Unusable } from '../../ports/errors.ts';
import { makeTestCerts } from './certs-under-test.ts';
import { describeCertificate, keyPairFiles, readKeyPair } from './key-pair.ts';

const refusal = async (work: () => unknown): Promise<string> => {
  const error = await Promise.resolve()
    .then(work)
    .then(() => null)
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Unusable);
  return (error as Error).message;
};

describe('TLS_CERT_FILE and TLS_KEY_FILE', () => {
  test('are both set, or neither', async () => {
    expect(keyPairFiles({})).toBeNull();
    expect(keyPairFiles({ TLS_CERT_FILE: 'a', TLS_KEY_FILE: 'b' })).toEqual({ certFile: 'a', keyFile: 'b' });
    expect(await refusal(() => keyPairFiles({ TLS_CERT_FILE: 'a' }))).toContain('TLS_KEY_FILE is not set');
    expect(await refusal(() => keyPairFiles({ TLS_KEY_FILE: 'b' }))).toContain('TLS_CERT_FILE is not set');
  });

  test('are read, with names and end', async () => {
    const { files, issue, write } = await makeTestCerts();
    const pair = await issue('camera.example', '::1');
    write(pair);
    expect(await readKeyPair(files)).toEqual(pair);
    expect(describeCertificate(pair)).toEqual({
      names: 'DNS:camera.example, IP Address:0:0:0:0:0:0:0:1',
      until: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  test('that cannot be read are told by name', async () => {
    const { files } = await makeTestCerts();
    rmSync(files.keyFile);
    expect(await refusal(() => readKeyPair(files))).toMatch(/^TLS_KEY_FILE=.* cannot be read: ENOENT/);
    rmSync(files.certFile);
    const words = await refusal(() => readKeyPair({ ...files, keyFile: files.certFile }));
    expect(words).toMatch(/cannot be read: ENOENT/);
  });

  test('that do not belong together are told so', async () => {
    const { files, issue, write } = await makeTestCerts();
    write({ key: (await issue('localhost')).key });
    expect(await refusal(() => readKeyPair(files))).toContain('is not the key of the certificate');
  });

  test('that are something else are told so', async () => {
    const { files, issue, write } = await makeTestCerts();
    const { cert, key } = await issue('localhost');
    write({ cert: key, key });
    expect(await refusal(() => readKeyPair(files))).toContain('is no certificate in PEM');
    write({ cert: cert.slice(0, 300), key });
    expect(await refusal(() => readKeyPair(files))).toContain('is no certificate in PEM');
    write({ cert, key: cert });
    expect(await refusal(() => readKeyPair(files))).toContain('is no private key in PEM, without a passphrase');
    const locked = createPrivateKey(key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    });
    write({ key: String(locked) });
    expect(await refusal(() => readKeyPair(files))).toContain('without a passphrase');
    write({ cert: `${cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`, key });
    expect(await refusal(() => readKeyPair(files))).toContain('cannot be served');
  });

  test('a key of another kind does not belong either', async () => {
    const { files, write } = await makeTestCerts();
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    write({ key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) });
    expect(await refusal(() => readKeyPair(files))).toContain('is not the key of');
  });
});
