import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { contentsOf, makeRoom, withDatabase } from './backup/rig-under-test.ts';
import { basicAuthorization } from './simulate/basic-authorization.ts';
import { enrol } from './simulate/enrol.ts';
import { createScene } from './simulate/scene.ts';
import { createUploader, type Upload } from './simulate/upload.ts';

/** The commands as somebody types them, on a system that goes on taking frames. */
const PASSWORD = 'correct horse';
const DEVICES = ['numbered', 'unnumbered'] as const;
const START_MS = 1_764_318_832_000;
const EVERY_MS = 200;
const UP_WITHIN_MS = 180_000;

const running = new Set<ChildProcess>();
const room = makeRoom();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  room.remove();
});

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['dev/run.mjs', program, ...args], {
    cwd: new URL('..', import.meta.url),
    env: {
      ...process.env,
      DATABASE_URL: '',
      SERVER_SECRET: '',
      ADMIN_PASSWORD: PASSWORD,
      PORT: '0',
      INIT_CWD: '',
      ...env,
    },
  });
  running.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk;
    });
  }
  const ended = new Promise<number | null>((settle) => child.once('exit', settle));
  ended.then(() => running.delete(child));
  return { child, ended, said: () => said };
}

/** What a command says, once it has done what it was asked to. */
async function done(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { ended, said } = run(program, args, env);
  const status = await ended;
  expect(status, said()).toBe(0);
  return said();
}

async function start(dataDir: string) {
  const service = run('dev/all.ts', [], { DATA_DIR: dataDir });
  for (const giveUpMs = performance.now() + UP_WITHIN_MS; performance.now() < giveUpMs; await sleep(20)) {
    const [, url] = /is up: (\S+)/.exec(service.said()) ?? [];
    if (url !== undefined) return { ...service, url };
  }
  throw new Error(`not up in time: ${service.said()}`);
}

interface Capture {
  readonly frame_id: string;
  readonly device_id: string;
  readonly seq: string;
  readonly state: string;
}

const settledIn = async (url: string) => {
  const headers = { authorization: basicAuthorization({ password: PASSWORD }) };
  const answer = await fetch(`${url}/api/captures?page_size=1&state=done`, { headers });
  return ((await answer.json()) as { total: number }).total;
};

const capturesOf = (dataDir: string) =>
  withDatabase(dataDir, async (client) => {
    const { rows } = await client.query<Capture>(
      `select device_id, epoch, seq, frame_id, captured_at, time_quality, lane, blob_key, sha256, state, attempts, motion
       from captures order by device_id, seq`,
    );
    return rows;
  });

const confirmedIn = (dataDir: string) =>
  withDatabase(dataDir, async (client) => {
    const { rows } = await client.query<{ device_id: string; confirmed: number }>(
      'select device_id, sum(bit_count(bits))::integer as confirmed from seq_blocks group by device_id order by 1',
    );
    return rows;
  });

describe('npm run backup and npm run restore', { timeout: 600_000 }, () => {
  test('while frames come in; what is restored goes on with the same tokens, and nothing is lost or twice', async () => {
    const [data, backups] = [room.path('data'), room.path('backups')];
    const first = await start(data);
    const { url } = first;
    const tokens = await enrol({ url, consoleUrl: url, password: PASSWORD, deviceIds: [...DEVICES] });
    const uploaderOf = (at: string) =>
      createUploader({
        url: at,
        timeoutMs: 15_000,
        tokens,
        dialectOf: (deviceId) => (deviceId === 'numbered' ? 'frame' : 'upload'),
      });
    const { render } = createScene({ seed: 1, camera: 'a', fps: 1_000 / EVERY_MS });
    const sent: Buffer[] = [];
    const send = async (upload: Upload, at: number) => {
      sent[at] ??= await render(at);
      const frame = { seq: at + 1, capturedAtMs: START_MS + at * EVERY_MS, jpeg: sent[at] };
      return Promise.all(DEVICES.map((deviceId) => upload({ ...frame, deviceId })));
    };

    const uploadFirst = uploaderOf(url);
    const ids: (string | null)[][] = [];
    const sendNext = async () => {
      const answers = await send(uploadFirst, ids.length);
      for (const { status, problem } of answers) expect(status, problem).toBe(202);
      ids.push(answers.map(({ itemId }) => itemId));
    };
    while (ids.length < 20) await sendNext();
    const before = ids.length;
    const making = done('dev/backup.ts', [backups], { DATA_DIR: data });
    let isMade = false;
    making
      .finally(() => {
        isMade = true;
      })
      .catch(() => undefined);
    while (!isMade) await sendNext();
    const made = await making;
    expect(made).toContain("IT HOLDS THE SERVER'S SECRET");
    expect(ids.length).toBeGreaterThan(before);
    const total = ids.length * DEVICES.length;
    await expect.poll(() => settledIn(url), { timeout: 120_000 }).toBe(total);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);

    // Nobody uses it now: all of it is to be there, and only what is new is copied.
    const again = await done('dev/backup.ts', [backups, '--keep', '2'], { DATA_DIR: data });
    const figures = (text: string) =>
      (/(\d+) pictures, .*; (\d+) of them/.exec(text) ?? []).slice(1).map(Number) as [number, number];
    const [[had], [has, copied]] = [figures(made), figures(again)];
    expect(copied).toBeLessThanOrEqual(has - had);
    expect(copied).toBeLessThan(has);
    const [older = '', newer = ''] = [made, again].map((text) => /^Made (\S+),/m.exec(text)?.[1]);
    expect(await done('dev/restore.ts', [backups, '--verify'])).toContain('It is whole');
    await done('dev/restore.ts', [newer, '--into', room.path('same')]);
    const contents = await contentsOf(data);
    expect(await contentsOf(room.path('same'))).toEqual(contents);
    expect(contents['public.captures']).toMatch(new RegExp(`^${total} rows`));

    // The one from before goes on with the same devices, which send all they have.
    const restored = room.path('restored');
    await done('dev/restore.ts', [older, '--into', restored]);
    const inBackup = (await capturesOf(restored)).length;
    const second = await start(restored);
    const upload = uploaderOf(second.url);
    let known = 0;
    for (const [at, itemIds] of ids.entries()) {
      const answers = await send(upload, at);
      for (const [which, { status, itemId, problem }] of answers.entries()) {
        expect([200, 202], problem).toContain(status);
        expect(itemId).toBe(itemIds[which]);
        if (status === 200) known += 1;
      }
    }
    expect(known).toBeGreaterThanOrEqual(before * DEVICES.length);
    expect(known).toBeGreaterThanOrEqual(inBackup);
    expect(known).toBeLessThan(total);
    await expect.poll(() => settledIn(second.url), { timeout: 120_000 }).toBe(total);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    // Motion is told from a background that the state brought along.
    expect(await capturesOf(restored)).toEqual(await capturesOf(data));
    expect(await confirmedIn(restored)).toEqual(DEVICES.map((device_id) => ({ device_id, confirmed: ids.length })));
  });
});
