import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as requestSecure } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeTestCerts } from '../http/tls/certs-under-test.ts';
import { basicAuthorization } from './simulate/basic-authorization.ts';
import { enrol } from './simulate/enrol.ts';
import { createScene } from './simulate/scene.ts';
import { createUploader } from './simulate/upload.ts';

interface Started {
  readonly child: ChildProcess;
  /** Settles with the exit status. */
  readonly ended: Promise<number | null>;
  said(): string;
  url(): Promise<string>;
}

describe('npm start', { timeout: 120_000 }, () => {
  let folder: string;
  const running = new Set<ChildProcess>();
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'passerby-start-'));
  });
  afterEach(async () => {
    for (const child of running) child.kill('SIGKILL');
    running.clear();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  function start(env: Readonly<Record<string, string>> = {}): Started {
    const child = spawn(process.execPath, ['dev/run.mjs', 'dev/all.ts'], {
      cwd: new URL('..', import.meta.url),
      env: { ...process.env, DATABASE_URL: '', ADMIN_PASSWORD: '', DATA_DIR: join(folder, 'data'), PORT: '0', ...env },
    });
    running.add(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk;
      });
    }
    const ended = new Promise<number | null>((settle) => child.once('exit', settle));
    return {
      child,
      ended,
      said: () => said,
      async url() {
        for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 20) {
          const [, url] = /is up: (\S+)/.exec(said) ?? [];
          if (url !== undefined) return url;
          await sleep(20);
        }
        throw new Error(`not up after 60 s: ${said}`);
      },
    };
  }

  const total = async (url: string, password: string) => {
    const headers = { authorization: basicAuthorization({ password }) };
    const answer = await fetch(`${url}/api/captures?page_size=1&state=done`, { headers });
    return ((await answer.json()) as { total: number }).total;
  };

  interface Row {
    readonly trace_id: string | null;
  }

  const read = async (url: string, list: 'captures' | 'events'): Promise<Row[]> => {
    const headers = { authorization: basicAuthorization({ password: 'correct horse' }) };
    const answer = await fetch(`${url}/api/${list}`, { headers });
    return ((await answer.json()) as Record<string, Row[]>)[list] ?? [];
  };

  test('shows a made-up password once; it opens the API, and nothing else does', async () => {
    const first = start();
    const url = await first.url();
    const [, password = ''] = /Password\s+(\S+)/.exec(first.said()) ?? [];
    expect(password).toMatch(/^\w{20}$/);
    expect(await total(url, password)).toBe(0);
    expect((await fetch(`${url}/api/captures`)).status).toBe(401);
    expect((await fetch(`${url}/`)).status).toBe(401);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);

    const second = start();
    await second.url();
    expect(second.said()).not.toContain(password);
    expect(second.said()).not.toMatch(/Password\s+\w{20}/);
  });

  test('Ctrl-C while frames come in: it stops within 10 s, and all that was acknowledged is there at the next start', async () => {
    const env = { ADMIN_PASSWORD: 'correct horse' };
    const first = start(env);
    const firstUrl = await first.url();
    const tokens = await enrol({
      url: firstUrl,
      consoleUrl: firstUrl,
      password: 'correct horse',
      deviceIds: ['camera-1'],
    });
    const upload = createUploader({ url: firstUrl, timeoutMs: 5_000, tokens });
    const { render } = createScene({ seed: 1, camera: 'a', fps: 5 });
    const jpegs = await Promise.all([0, 1, 2, 3].map((index) => render(index)));
    let acknowledged = 0;
    const sending = (async () => {
      for (let at = 0; ; at += 1) {
        const jpeg = jpegs[at % jpegs.length] as Buffer;
        const answer = await upload({
          deviceId: 'camera-1',
          seq: at,
          capturedAtMs: 1_764_318_832_186 + at,
          jpeg,
        }).catch(() => null);
        if (answer?.status !== 202) return;
        acknowledged += 1;
      }
    })();
    await expect.poll(() => acknowledged, { timeout: 30_000 }).toBeGreaterThan(10);
    const stoppedMs = performance.now();
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(0);
    expect(performance.now() - stoppedMs).toBeLessThan(10_000);
    expect(existsSync(join(folder, 'data', 'passerby.lock'))).toBe(false);
    await sending;

    const second = start(env);
    const url = await second.url();
    for (let waitedMs = 0; waitedMs < 10_000 && (await total(url, 'correct horse')) < acknowledged; waitedMs += 100) {
      await sleep(100);
    }
    // One more may have been stored whose answer the sender did not live to see.
    expect(await total(url, 'correct horse')).toBeGreaterThanOrEqual(acknowledged);
    expect(await total(url, 'correct horse')).toBeLessThanOrEqual(acknowledged + 1);
  });

  test("a device's trace goes from its request to the rows, and device, frame and trace into the logs", async () => {
    const { url, said } = start({ ADMIN_PASSWORD: 'correct horse', LOG_LEVEL: 'debug' });
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const at = await url();
    const tokens = await enrol({ url: at, consoleUrl: at, password: 'correct horse', deviceIds: ['camera-1'] });
    const token = tokens.get('camera-1') ?? '';
    const { render } = createScene({ seed: 1, camera: 'a', fps: 5 });
    const rows = { captures: [] as Row[], events: [] as Row[] };
    for (let at = 0; at < 75 && rows.events.length === 0; at += 1) {
      const body = new FormData();
      body.set('file', new Blob([new Uint8Array(await render(at))]), `${1_764_318_832_000 + at * 200}.jpg`);
      const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, 'x-device-token': token };
      const answer = await fetch(`${await url()}/upload?device=camera-1`, { method: 'POST', body, headers });
      expect(answer.status).toBe(202);
      expect(answer.headers.get('traceparent')).toContain(traceId);
      for (const list of ['captures', 'events'] as const) rows[list] = await read(await url(), list);
    }
    expect(rows.captures.length).toBeGreaterThan(0);
    expect(rows.events.length).toBeGreaterThan(0);
    for (const row of [...rows.captures, ...rows.events]) expect(row.trace_id).toBe(traceId);
    const lines = said()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.includes(traceId) && line.includes('"device":"camera-1"'));
    // One from the request, one from the processor.
    for (const message of ['request', 'frame']) {
      const line = lines.map((text) => JSON.parse(text)).find(({ msg }) => msg === message);
      expect(line).toMatchObject({
        device: 'camera-1',
        trace_id: traceId,
        frame: expect.stringMatching(/^[\da-f-]{36}$/),
      });
    }
  });

  test('a second one on the same folder is refused in words, and the first goes on', async () => {
    const first = start();
    const url = await first.url();
    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.said()).toContain(`Another Passerby (process ${first.child.pid}) is using`);
    expect(second.said()).not.toMatch(/\n\s+at /);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  test('a port that is taken is told in words, and nothing is left running', async () => {
    const first = start();
    const { port } = new URL(await first.url());
    const second = start({ DATA_DIR: join(folder, 'other'), PORT: port });
    expect(await second.ended).toBe(1);
    expect(second.said()).toContain(`Port ${port} is taken`);
    // Nor is anything made, least of all an account with a password that nobody has seen.
    expect(readdirSync(join(folder, 'other'))).toEqual([]);
  });

  test('all faults of the configuration are told at once', async () => {
    const { ended, said } = start({
      PORT: 'http',
      ALLOW_PLAIN_HTTP: 'maybe',
      ADMIN_PASSWORD: 'short',
      LOG_LEVEL: 'loud',
    });
    expect(await ended).toBe(1);
    for (const name of ['PORT', 'ALLOW_PLAIN_HTTP', 'ADMIN_PASSWORD', 'LOG_LEVEL']) {
      expect(said()).toContain(`  ${name}:`);
    }
    expect(said()).not.toContain('short (');
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  test.each([0, 150, 400])('stopped %d ms after its database came up, it leaves none behind', async (pauseMs) => {
    const { child, ended } = start();
    const pidFile = join(folder, 'data', 'postgres', 'postmaster.pid');
    while (!existsSync(pidFile)) await sleep(5);
    await sleep(pauseMs);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(existsSync(pidFile)).toBe(false);
  });

  test.each([0, 60, 150])('its database killed %d ms after it came up, the start goes on', async (pauseMs) => {
    const { url, said } = start();
    const pidFile = join(folder, 'data', 'postgres', 'postmaster.pid');
    // It is there a moment before there is anything in it.
    const readPid = () => (existsSync(pidFile) ? Number.parseInt(readFileSync(pidFile, 'utf8'), 10) : Number.NaN);
    while (Number.isNaN(readPid())) await sleep(5);
    await sleep(pauseMs);
    process.kill(readPid(), 'SIGKILL');
    expect((await fetch(`${await url()}/livez`)).status).toBe(200);
    // The account may have been made by a try whose answer was lost: its password is shown all the same.
    expect(said()).toMatch(/Password\s+\w{20}/);
  });

  test('a name that is not this machine is not answered to', async () => {
    const url = new URL(await start({ ADMIN_PASSWORD: 'correct horse' }).url());
    const status = await new Promise((settle, fail) => {
      const sent = request(url, { headers: { host: `evil.example:${url.port}` } }, (answer) =>
        settle(answer.statusCode),
      );
      sent.on('error', fail).end();
    });
    expect(status).toBe(421);
  });

  test('with a certificate it speaks HTTPS, to other machines too, and the demo finds its way', async () => {
    const certs = await makeTestCerts();
    const { ca, files } = certs;
    writeFileSync(join(certs.folder, 'ca.pem'), ca);
    // Not for 127.0.0.1, at which it says to be: the names are those by which others know it.
    certs.write(await certs.issue('passerby.local'));
    const { url, said } = start({
      HOST: '0.0.0.0',
      TLS_CERT_FILE: files.certFile,
      TLS_KEY_FILE: files.keyFile,
      ADMIN_PASSWORD: 'correct horse',
      npm_config_demo: 'true',
    });
    const { port, protocol } = new URL(await url());
    expect(protocol).toBe('https:');
    expect(said()).toContain(`curl --cacert ${join(certs.folder, 'ca.pem')} -s https://`);
    const ask = (headers: Record<string, string>) =>
      new Promise<[number, string]>((settle, fail) => {
        const options = { host: '127.0.0.1', servername: 'passerby.local', port, ca, headers, path: '/api/captures' };
        const sent = requestSecure(options, async (answer) => settle([answer.statusCode ?? 0, await text(answer)]));
        sent.on('error', fail).end();
      });
    const authorization = basicAuthorization({ password: 'correct horse' });
    // No name is refused where none can be known; a password is asked for all the same.
    expect((await ask({ host: 'any.example' }))[0]).toBe(401);
    const captures = async () =>
      (JSON.parse((await ask({ authorization, host: 'passerby.local' }))[1]) as Row & { total: number }).total;
    await expect.poll(captures, { timeout: 20_000 }).toBeGreaterThan(0);
  });

  test('over plain HTTP other machines may not send it passwords, and it says so', async () => {
    const { url, said } = start({ HOST: '0.0.0.0', ADMIN_PASSWORD: 'correct horse' });
    expect(await total(await url(), 'correct horse')).toBe(0);
    expect(said()).toContain('PASSWORDS AND TOKENS FROM OTHER HOSTS ARE REFUSED');
  });

  test('a certificate without its key is told before anything is made', async () => {
    const { ended, said } = start({ TLS_CERT_FILE: join(folder, 'server.pem') });
    expect(await ended).toBe(1);
    expect(said()).toContain('TLS_CERT_FILE and TLS_KEY_FILE go together');
    expect(said()).not.toMatch(/\n\s+at /);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  test('after a kill -9 the next start finds its database free, and is up within seconds', async () => {
    const first = start();
    await first.url();
    first.child.kill('SIGKILL');
    await first.ended;
    const second = start();
    const url = await second.url();
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    second.child.kill('SIGINT');
    expect(await second.ended).toBe(0);
    expect(existsSync(join(folder, 'data', 'postgres', 'postmaster.pid'))).toBe(false);
  });
});
