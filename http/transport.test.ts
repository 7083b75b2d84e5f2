import { X509Certificate } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { type AddressInfo, connect as connectPlain, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import tls, { connect } from 'node:tls';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import type { Issued } from '../dev/certs/issue.ts';
import { Unusable } from '../ports/errors.ts';
import { createServer, type Server } from './server.ts';
import { makeTestCerts, type TestCerts } from './tls/certs-under-test.ts';
import { listen, readTransport } from './transport.ts';

const running: Server[] = [];
const agents: Agent[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  await Promise.all(running.splice(0).map((app) => app.close()));
});

interface Settings {
  readonly HOST?: string;
  readonly TLS_CERT_FILE?: string;
  readonly TLS_KEY_FILE?: string;
  readonly ALLOW_PLAIN_HTTP?: boolean;
  readonly TRUST_PROXY?: string;
}

/** As roots do it; the look for a new certificate is the test's to take. */
async function start(settings: Settings, { takesCredentials = true, timeouts = {} } = {}) {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const transport = await readTransport({ HOST: '127.0.0.1', ALLOW_PLAIN_HTTP: false, ...settings });
  const app = createServer({ logger, metrics: new Registry(), ...transport, timeouts });
  app.get('/hello', ({ protocol }) => protocol);
  const looks: (() => Promise<unknown>)[] = [];
  const parts = {
    started: () => running.push(app),
    every: (_name: string, _pauseMs: number, work: () => Promise<unknown>) => looks.push(work),
  };
  const url = await listen(app, { transport, port: 0, logger, parts, takesCredentials });
  const { port } = app.server.address() as AddressInfo;
  const look = async () => {
    for (const work of looks) await work();
  };
  const warnings = () => lines.filter(({ level }) => level === 40);
  return { app, url, port, looks, look, lines, warnings };
}

const secured = async () => {
  const certs = await makeTestCerts();
  const { certFile: TLS_CERT_FILE, keyFile: TLS_KEY_FILE } = certs.files;
  return { certs, settings: { TLS_CERT_FILE, TLS_KEY_FILE } };
};

function agentOf({ ca }: TestCerts): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca });
  agents.push(agent);
  return agent;
}

/** Read once: Node tells the certificate of a connection the first time only. */
const serials = new WeakMap<Socket, string>();

/** The answer, and the serial number of the certificate on the connection that it came by. */
function ask(port: number, options: RequestOptions): Promise<{ readonly said: string; readonly serial: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: '/hello', ...options }, async (answer) => {
      const socket = answer.socket as tls.TLSSocket;
      const serial = serials.get(socket) ?? socket.getPeerX509Certificate()?.serialNumber ?? 'none';
      serials.set(socket, serial);
      resolve({ said: await text(answer), serial });
    });
    sent.on('error', reject).end();
  });
}

const serialOf = ({ cert }: Issued) => new X509Certificate(cert).serialNumber;
/** Of a connection of its own. */
const served = async (port: number, { ca }: TestCerts) => (await ask(port, { ca, agent: false })).serial;

describe('with TLS_CERT_FILE and TLS_KEY_FILE', () => {
  test('a service speaks HTTPS, says so in its URL, and is believed by its authority alone', async () => {
    const { certs, settings } = await secured();
    const { url, port, warnings } = await start(settings);
    expect(url).toBe(`https://127.0.0.1:${port}`);
    expect((await ask(port, { ca: certs.ca })).said).toBe('https');
    expect((await ask(port, { ca: certs.ca, servername: 'localhost' })).said).toBe('https');
    await expect(ask(port, {})).rejects.toThrow(/certificate/);
    await expect(ask(port, { ca: certs.ca, servername: 'other.example' })).rejects.toThrow(/does not match/);
    expect(warnings()).toEqual([]);
  });

  test('what is wrong with the files is told before anything starts', async () => {
    const { certs, settings } = await secured();
    const { TLS_CERT_FILE } = settings;
    await expect(start({ TLS_CERT_FILE })).rejects.toThrow(Unusable);
    certs.write({ key: (await certs.issue('localhost')).key });
    await expect(start(settings)).rejects.toThrow(/is not the key of the certificate/);
    expect(running).toEqual([]);
  });

  test('TLS before 1.2 is refused, whatever Node would take', async () => {
    const { certs, settings } = await secured();
    const before = [tls.DEFAULT_MIN_VERSION, tls.DEFAULT_CIPHERS] as const;
    const old = 'DEFAULT@SECLEVEL=0';
    tls.DEFAULT_MIN_VERSION = 'TLSv1';
    tls.DEFAULT_CIPHERS = old;
    try {
      const { port } = await start(settings);
      const by = (maxVersion: tls.SecureVersion) =>
        ask(port, { ca: certs.ca, agent: false, minVersion: 'TLSv1', maxVersion, ciphers: old });
      await expect(by('TLSv1.1')).rejects.toThrow(/protocol version/i);
      expect((await by('TLSv1.2')).said).toBe('https');
    } finally {
      [tls.DEFAULT_MIN_VERSION, tls.DEFAULT_CIPHERS] = before;
    }
  });

  test('a handshake that does not come, or is none, costs a connection no longer than its time', async () => {
    const { settings } = await secured();
    const { port, lines } = await start(settings, { timeouts: { headersMs: 300 } });
    const ended = (words: string) =>
      new Promise((resolve) => {
        const socket = connectPlain(port, '127.0.0.1', () => socket.write(words));
        socket.on('error', () => {}).on('close', () => resolve('ended'));
      });
    expect(await ended('GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('ended');
    expect(await ended('')).toBe('ended');
    await expect
      .poll(() => lines.filter(({ msg }) => msg === 'a TLS handshake failed'))
      .toMatchObject([{ code: 'ERR_SSL_HTTP_REQUEST' }, { code: 'ERR_TLS_HANDSHAKE_TIMEOUT' }]);
  });

  test('one that is going on does not hold up the end', async () => {
    const { settings } = await secured();
    // As long as a handshake may take, the test would not.
    const { app, port } = await start(settings, { timeouts: { closeGraceMs: 100, headersMs: 120_000 } });
    const socket = connectPlain(port, '127.0.0.1');
    const cut = new Promise((resolve) => socket.on('error', () => {}).on('close', () => resolve('cut')));
    await expect.poll(() => new Promise((resolve) => app.server.getConnections((_, count) => resolve(count)))).toBe(1);
    await app.close();
    expect(await cut).toBe('cut');
  });
});

describe('a certificate that is renewed', () => {
  test('is served to who connects from then on; connections that are there go on', async () => {
    const { certs, settings } = await secured();
    const { port, look, lines } = await start(settings);
    const early = agentOf(certs);
    const first = await ask(port, { agent: early });

    // Others ask all the while, on connections that stay and on new ones.
    let over = false;
    const answers: string[] = [];
    const askOn = async (agent: Agent | false) => {
      while (!over) answers.push((await ask(port, { ca: certs.ca, agent })).said);
    };
    const load = [askOn(agentOf(certs)), askOn(agentOf(certs)), askOn(false), askOn(false)];
    await expect.poll(() => answers.length).toBeGreaterThan(20);
    const next = await certs.issue('localhost', '127.0.0.1');
    certs.write(next);
    await look();
    expect(await served(port, certs)).toBe(serialOf(next));
    const asked = answers.length;
    await expect.poll(() => answers.length).toBeGreaterThan(asked + 20);
    over = true;
    await Promise.all(load);
    expect(new Set(answers)).toEqual(new Set(['https']));

    expect(first.serial).not.toBe(serialOf(next));
    expect(await ask(port, { agent: early })).toEqual(first);
    expect(lines.filter(({ msg }) => msg === 'a new TLS certificate is in use')).toHaveLength(1);
  });

  test('keeps old versions of TLS out, as the first did', async () => {
    const { certs, settings } = await secured();
    const before = [tls.DEFAULT_MIN_VERSION, tls.DEFAULT_CIPHERS] as const;
    tls.DEFAULT_MIN_VERSION = 'TLSv1';
    tls.DEFAULT_CIPHERS = 'DEFAULT@SECLEVEL=0';
    try {
      const { port, look } = await start(settings);
      certs.write(await certs.issue('127.0.0.1'));
      await look();
      const options = { ca: certs.ca, agent: false, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const;
      await expect(ask(port, options)).rejects.toThrow(/protocol version/i);
    } finally {
      [tls.DEFAULT_MIN_VERSION, tls.DEFAULT_CIPHERS] = before;
    }
  });

  test('half-written, of another key, or gone, it is told once and not taken; the earlier one stays', async () => {
    const { certs, settings } = await secured();
    const { port, look, warnings } = await start(settings);
    const first = await served(port, certs);
    const next = await certs.issue('127.0.0.1');
    const faults: [Partial<Issued> | null, string][] = [
      [{ cert: next.cert.slice(0, 200) }, 'is no certificate in PEM'],
      [{ cert: '' }, 'is no certificate in PEM'],
      [{ cert: next.cert }, 'is not the key of the certificate'],
      [null, 'cannot be read'],
    ];
    for (const [index, [fault, words]] of faults.entries()) {
      if (fault) certs.write(fault);
      else rmSync(certs.files.certFile);
      await look();
      await look();
      expect(await served(port, certs), words).toBe(first);
      expect(warnings()).toHaveLength(index + 1);
      expect(warnings().at(-1)).toMatchObject({ reason: expect.stringContaining(words) });
    }
    certs.write(next);
    await look();
    expect(await served(port, certs)).toBe(serialOf(next));
    expect(warnings()).toHaveLength(faults.length);
  });

  test('a good one that is taken back is not looked at as if it were wrong', async () => {
    const { certs, settings } = await secured();
    const first = await certs.issue('127.0.0.1');
    certs.write(first);
    const { port, look, warnings, lines } = await start(settings);
    certs.write({ key: 'half' });
    await look();
    certs.write(first);
    await look();
    await look();
    expect(await served(port, certs)).toBe(serialOf(first));
    expect([warnings().length, lines.filter(({ msg }) => msg === 'a new TLS certificate is in use').length]).toEqual([
      1, 1,
    ]);
  });

  test('is found when files are renamed over, and when a symlink is turned to another folder', async () => {
    const { certs, settings } = await secured();
    const { port, look } = await start(settings);
    const renamed = await certs.issue('127.0.0.1');
    for (const [name, words] of [
      ['server.pem', renamed.cert],
      ['server-key.pem', renamed.key],
    ] as const) {
      writeFileSync(join(certs.folder, `${name}.new`), words);
      renameSync(join(certs.folder, `${name}.new`), join(certs.folder, name));
    }
    await look();
    expect(await served(port, certs)).toBe(serialOf(renamed));

    // As Kubernetes does it: the files are links into `..data`, which is a link that is replaced.
    const pairs = [await certs.issue('127.0.0.1'), await certs.issue('127.0.0.1')];
    for (const [index, pair] of pairs.entries()) {
      const version = join(certs.folder, `..version-${index}`);
      mkdirSync(version);
      writeFileSync(join(version, 'tls.crt'), pair.cert);
      writeFileSync(join(version, 'tls.key'), pair.key);
      symlinkSync(version, join(certs.folder, '..data.new'));
      renameSync(join(certs.folder, '..data.new'), join(certs.folder, '..data'));
      if (index === 0) {
        for (const [file, name] of [
          [certs.files.certFile, 'tls.crt'],
          [certs.files.keyFile, 'tls.key'],
        ] as const) {
          rmSync(file);
          symlinkSync(join('..data', name), file);
        }
      }
      await look();
      expect(await served(port, certs)).toBe(serialOf(pair));
    }
  });

  test('under HOST=localhost too, where there is one server and not two', async () => {
    const { certs, settings } = await secured();
    const { url, port, look } = await start({ ...settings, HOST: 'localhost' });
    expect(url).toBe(`https://127.0.0.1:${port}`);
    const next = await certs.issue('localhost');
    certs.write(next);
    await look();
    const { serial } = await ask(port, { ca: certs.ca, agent: false, host: 'localhost' });
    expect(serial).toBe(serialOf(next));
    const other = new Promise((resolve) => {
      const socket = connect(port, '::1', { rejectUnauthorized: false });
      socket.on('error', () => resolve('nobody')).on('secureConnect', () => resolve('somebody'));
    });
    expect(await other).toBe('nobody');
  });
});

describe('plain HTTP', () => {
  test('is told of loudly where others can reach it, and nowhere else', async () => {
    const said = async (settings: Settings, more = {}) => {
      const { warnings, looks } = await start(settings, more);
      expect(looks).toEqual([]);
      return warnings().map(({ msg }) => String(msg));
    };
    expect(await said({})).toEqual([]);
    expect(await said({ HOST: 'localhost' })).toEqual([]);
    expect(await said({ HOST: '0.0.0.0' })).toEqual([
      expect.stringMatching(/OTHER HOSTS ARE REFUSED.*TLS_CERT_FILE and TLS_KEY_FILE.*ALLOW_PLAIN_HTTP=true/),
    ]);
    expect(await said({ HOST: '0.0.0.0', ALLOW_PLAIN_HTTP: true })).toEqual([
      expect.stringContaining('PASSWORDS AND TOKENS TRAVEL READABLE'),
    ]);
    expect(await said({ HOST: '0.0.0.0', TRUST_PROXY: '172.30.251.0/24' })).toEqual([]);
    // Health and metrics ask for nothing.
    expect(await said({ HOST: '0.0.0.0' }, { takesCredentials: false })).toEqual([]);
    const { settings } = await secured();
    const { warnings } = await start({ ...settings, HOST: '0.0.0.0' });
    expect(warnings()).toEqual([]);
  });

  test('names an address to which one can go, on whichever it listens', async () => {
    const { url } = await start({ HOST: '0.0.0.0' });
    expect(new URL(url).hostname).toBe('127.0.0.1');
    const known = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
    if (!known.some(({ family }) => family === 'IPv6')) return console.warn('Not checked for want of IPv6: HOST=::');
    const everywhere = await start({ HOST: '::' });
    expect(everywhere.url).toBe(`http://[::1]:${everywhere.port}`);
    expect(await (await fetch(`${everywhere.url}/hello`)).text()).toBe('http');
  });

  test('knows when it is for this machine alone', async () => {
    const loopbackOnly = async (HOST: string) => (await readTransport({ HOST, ALLOW_PLAIN_HTTP: false })).loopbackOnly;
    for (const host of ['127.0.0.1', '127.0.0.2', '::1', 'localhost'])
      expect(await loopbackOnly(host), host).toBe(true);
    for (const host of ['0.0.0.0', '::', '192.168.1.10']) expect(await loopbackOnly(host), host).toBe(false);
    expect(await readTransport({ HOST: 'localhost', ALLOW_PLAIN_HTTP: false })).toMatchObject({ address: '127.0.0.1' });
    await expect(loopbackOnly('no.such.host.invalid')).rejects.toThrow(/^HOST=no\.such\.host\.invalid cannot be/);
  });
});
