import { execFile, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unusable } from '../ports/errors.ts';
import { lockFolder } from '../ports/folder-lock.ts';
import { type Certs, makeCerts } from './certs/certs-folder.ts';
import { readServerName, uniqueNames } from './certs/names.ts';
import { hasProgram, ROOT, read } from './compose/compose-file-under-test.ts';

const run = promisify(execFile);
const hasOpenssl = hasProgram('openssl', ['version'], 'certificates of npm run certs');
const DAY_MS = 86_400_000;
const NOW_MS = Date.now();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-certs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const certsFolder = () => join(folder, 'certs');
const make = (more: { names?: string[]; days?: number; nowMs?: number } = {}): Promise<Certs> =>
  makeCerts({
    folder: certsFolder(),
    days: more.days ?? 397,
    nowMs: more.nowMs ?? NOW_MS,
    names: (more.names ?? ['localhost', '127.0.0.1']).map(readServerName),
  });
const certificate = (name: string) => new X509Certificate(readFileSync(join(certsFolder(), name)));
const npmRunCerts = (...args: string[]) =>
  run('node', ['dev/run.mjs', 'dev/certs.ts', '--folder', certsFolder(), ...args], { cwd: ROOT });

describe('npm run certs', () => {
  test('is what package.json says, and git keeps out what it makes', () => {
    expect(JSON.parse(read('package.json')).scripts.certs).toBe('node dev/run.mjs dev/certs.ts');
    const ignored = (path: string) => spawnSync('git', ['check-ignore', path], { cwd: ROOT }).status === 0;
    expect(['certs/ca-key.pem', 'dev/certs/issue.ts'].map(ignored)).toEqual([true, false]);
  });

  test('makes an authority and a certificate, keeps the first and renews the second, and says what to do', async () => {
    const first = await npmRunCerts('--name', 'passerby.local', '--name=192.168.1.10', '--days', '30');
    const ca = readFileSync(join(certsFolder(), 'ca.pem'));
    const caKey = readFileSync(join(certsFolder(), 'ca-key.pem'));
    const { fingerprint256 } = new X509Certificate(ca);
    const before = certificate('server.pem');
    expect(before.subjectAltName).toBe('DNS:passerby.local, IP Address:192.168.1.10');
    const paths = [certsFolder(), 'ca.pem', 'ca-key.pem', 'server.pem', 'server-key.pem'].map((name) =>
      name === certsFolder() ? name : join(certsFolder(), name),
    );
    const modes = paths.map((path) => (statSync(path).mode & 0o777).toString(8));
    expect(modes).toEqual(['700', '600', '600', '600', '600']);
    expect(readdirSync(certsFolder()).sort()).toEqual(['ca-key.pem', 'ca.pem', 'server-key.pem', 'server.pem']);
    for (const words of [
      `Made an authority: ${join(certsFolder(), 'ca.pem')}`,
      fingerprint256,
      `curl --cacert ${join(certsFolder(), 'ca.pem')} https://passerby.local:8080/livez`,
      `TLS_CERT_FILE=${join(certsFolder(), 'server.pem')} TLS_KEY_FILE=${join(certsFolder(), 'server-key.pem')} npm start`,
    ]) {
      expect(first.stdout).toContain(words);
    }
    expect(first.stdout).not.toContain('PRIVATE KEY');

    const second = await npmRunCerts();
    expect(readFileSync(join(certsFolder(), 'ca.pem'))).toEqual(ca);
    expect(readFileSync(join(certsFolder(), 'ca-key.pem'))).toEqual(caKey);
    const after = certificate('server.pem');
    expect(after.serialNumber).not.toBe(before.serialNumber);
    expect(after.publicKey.equals(before.publicKey)).toBe(false);
    expect(after.subjectAltName).toContain(before.subjectAltName);
    for (const name of ['DNS:localhost', 'IP Address:127.0.0.1', 'IP Address:0:0:0:0:0:0:0:1', hostname()]) {
      expect(after.subjectAltName).toContain(name);
    }
    expect(second.stdout).toContain('Kept the authority');
    expect(second.stdout).toContain(fingerprint256);
  });

  test.each([
    [['--name', 'no name'], "not 'no name'"],
    [['--days', '825'], 'a whole number from 1 to 824'],
    [['--days', '0'], 'a whole number from 1 to 824'],
    [['--years', '1'], "Unknown option '--years'"],
  ])('says what it does not understand: %s', async (args, words) => {
    const failed = await npmRunCerts(...args).catch((error: { code: number; stderr: string }) => error);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining(words) });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a client that knows ca.pem alone', () => {
  test('believes the server, by each of its names and addresses, and no other', async () => {
    const { files } = await make({ names: ['localhost', 'passerby.local', '127.0.0.1', '::1'] });
    const pair = { cert: readFileSync(files.server), key: readFileSync(files.serverKey) };
    const server = createServer(pair, (_, reply) => reply.end('yes')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    // Asked under any name, and sent here whatever the name is.
    const ask = (host: string, ca: Buffer) =>
      new Promise<string>((resolve, reject) => {
        const lookup = (_name: string, options: { all?: boolean }, done: (...found: unknown[]) => void) =>
          options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
        const sent = request({ host, port, ca, lookup: lookup as never, agent: false }, (answer) =>
          resolve(text(answer)),
        );
        sent.on('error', reject).end();
      });
    const ca = readFileSync(files.authority);
    try {
      expect(await ask('localhost', ca)).toBe('yes');
      expect(await ask('passerby.local', ca)).toBe('yes');
      expect(await ask('127.0.0.1', ca)).toBe('yes');
      await expect(ask('other.local', ca)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
      rmSync(certsFolder(), { recursive: true });
      const { files: others } = await make();
      await expect(ask('localhost', readFileSync(others.authority))).rejects.toThrow(/certificate|signature/);
    } finally {
      server.close();
    }
  });

  test.skipIf(!hasOpenssl)('finds nothing wrong, though it is strict (openssl)', async () => {
    const { files } = await make({ names: ['passerby.local', '192.168.1.10'] });
    const verify = (...args: string[]) =>
      spawnSync(
        'openssl',
        ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', files.authority, ...args, files.server],
        { encoding: 'utf8' },
      );
    expect(verify().stdout).toContain(': OK');
    expect(verify('-verify_hostname', 'passerby.local').status).toBe(0);
    expect(verify('-verify_ip', '192.168.1.10').status).toBe(0);
    expect(verify('-verify_hostname', 'other.local').status).not.toBe(0);
    const words = (file: string) =>
      spawnSync('openssl', ['x509', '-in', file, '-noout', '-text'], { encoding: 'utf8' }).stdout;
    expect(words(files.authority)).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0\s/);
    expect(words(files.authority)).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\s/);
    for (const expected of [
      /NIST CURVE: P-256/,
      /Signature Algorithm: ecdsa-with-SHA256/,
      /Basic Constraints: critical\s+CA:FALSE/,
      /Extended Key Usage:\s+TLS Web Server Authentication\s/,
      /Subject Key Identifier/,
      /Authority Key Identifier/,
    ]) {
      expect(words(files.server)).toMatch(expected);
    }
  });
});

describe('validity', () => {
  const endsMs = (name: string) => Date.parse(certificate(name).validTo);
  const whole = (ms: number) => Math.floor(ms / 1_000) * 1_000;

  test('is ten years for the authority, and the days asked for the server', async () => {
    await make({ days: 90 });
    expect(endsMs('ca.pem')).toBe(whole(NOW_MS + 3_650 * DAY_MS));
    expect(endsMs('server.pem')).toBe(whole(NOW_MS + 90 * DAY_MS));
    expect(Date.parse(certificate('server.pem').validFrom)).toBeLessThan(NOW_MS);
  });

  test('of the server never outlasts that of the authority, after which nothing is made', async () => {
    await make();
    await make({ nowMs: NOW_MS + 3_600 * DAY_MS });
    expect(endsMs('server.pem')).toBe(endsMs('ca.pem'));
    const before = readFileSync(join(certsFolder(), 'server.pem'));
    await expect(make({ nowMs: NOW_MS + 3_651 * DAY_MS })).rejects.toThrow(/has ended .* every device/);
    expect(readFileSync(join(certsFolder(), 'server.pem'))).toEqual(before);
  });
});

describe('an authority', () => {
  test('of which half is missing, or that does not fit its key, is not replaced', async () => {
    const { files } = await make();
    const [cert, key] = [readFileSync(files.authority), readFileSync(files.authorityKey)];
    rmSync(files.authorityKey);
    await expect(make()).rejects.toThrow(`${files.authorityKey} is not. Put it back`);
    writeFileSync(files.authorityKey, readFileSync(files.serverKey));
    await expect(make()).rejects.toThrow(Unusable);
    await expect(make()).rejects.toThrow('is not the key of');
    writeFileSync(files.authorityKey, key);
    rmSync(files.authority);
    await expect(make()).rejects.toThrow(`${files.authority} is not. Put it back`);
    writeFileSync(files.authority, 'half of i');
    await expect(make()).rejects.toThrow(Unusable);
    expect(readFileSync(files.authority, 'utf8')).toBe('half of i');
    writeFileSync(files.authority, cert);
    expect((await make()).authorityIsNew).toBe(false);
  });

  test('is made by one at a time', async () => {
    mkdirSync(certsFolder());
    const lock = lockFolder(certsFolder());
    const failed = await npmRunCerts().catch((error: { code: number; stderr: string }) => error);
    lock.release();
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining(`process ${process.pid}`) });
    expect(readdirSync(certsFolder())).toEqual([]);
    await npmRunCerts();
    expect(readdirSync(certsFolder())).toHaveLength(4);
  });

  test('may lie in a folder that is there', async () => {
    mkdirSync(certsFolder(), { mode: 0o755 });
    await make();
    expect(statSync(join(certsFolder(), 'ca-key.pem')).mode & 0o777).toBe(0o600);
  });
});

describe('names', () => {
  test.each([
    ['LOCALHOST', 'dns', 'localhost'],
    ['passerby.local.', 'dns', 'passerby.local'],
    ['*.cameras.example', 'dns', '*.cameras.example'],
    ['bücher.example', 'dns', 'xn--bcher-kva.example'],
    [' 192.168.1.10 ', 'ip', '192.168.1.10'],
    ['FD00:0:0::1', 'ip', 'fd00::1'],
  ])('%s is taken', (given, type, value) => {
    expect(readServerName(given)).toEqual({ type, value });
  });

  test.each([
    '',
    'a b',
    'a..b',
    '-a',
    'a_b',
    '*',
    '*.local',
    'a.*.b',
    '192.168.1.256',
    '1.2.3',
    'fe80::1%eth0',
    'http://a',
    'a:8080',
  ])("'%s' is not", (given) => {
    expect(() => readServerName(given)).toThrow(Unusable);
  });

  test('are each there once', () => {
    const names = ['a', '::1', 'A', '0:0::1', 'b'].map(readServerName);
    expect(uniqueNames(names).map(({ value }) => value)).toEqual(['a', '::1', 'b']);
  });
});
