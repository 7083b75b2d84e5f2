import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findFreePort } from '../ports/free-ports.ts';
import { createDeath, createServiceProcess, untilReady } from './crash/service-process.ts';
import { basicAuthorization } from './simulate/basic-authorization.ts';
import { lacksFfmpeg, makeClip, needsFfmpeg } from './simulate/clip-under-test.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PASSWORD = 'only-for-this-run';
const startMs = Date.UTC(2026, 0, 5, 22);

interface Capture {
  readonly frame_id: string;
  readonly captured_at: string;
}

describe.skipIf(lacksFfmpeg('dev/simulate.e2e.test.ts'))(
  `npm run simulate ${needsFfmpeg}`,
  { timeout: 120_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'passerby-simulate-'));
    const { died, tell } = createDeath();
    let url = '';
    let stop = async () => undefined as unknown;

    beforeAll(async () => {
      makeClip({ file: join(folder, 'clip.mkv'), size: '720x480', fps: 12.5, seconds: 2 });
      const port = await findFreePort();
      url = `http://127.0.0.1:${port}`;
      const service = createServiceProcess({
        program: 'dev/all.ts',
        env: { DATABASE_URL: '', DATA_DIR: join(folder, 'data'), PORT: String(port), ADMIN_PASSWORD: PASSWORD },
        logFile: join(folder, 'service.log'),
        onDied: tell,
      });
      stop = service.stop;
      service.start();
      await Promise.race([untilReady(url), died]);
    }, 120_000);

    afterAll(async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    });

    test('shows a clip to two cameras: each of its pictures arrives, with the time that it has in the clip', async () => {
      const { status, said } = await simulate([
        '--video',
        'clip.mkv',
        '--devices',
        '2',
        '--at-once',
        '--duplicates',
        '0',
      ]);
      expect(said).toMatch(/^devices=2 frames=20 acknowledged=20 .*counted=20 missing=0$/m);
      expect(status).toBe(0);
      const timesMs = [0, 240, 400, 640, 800, 1040, 1200, 1440, 1600, 1840];
      expect(await capturedMs('sim-1')).toEqual(timesMs);
      // Cameras are not in step with each other: the second begins half a picture later.
      expect(await capturedMs('sim-2')).toEqual(timesMs.map((atMs) => atMs + 100));
      const [capture] = await captures('sim-1');
      const picture = await ask(`/api/captures/${capture?.frame_id}/image`);
      const { width, height } = await sharp(Buffer.from(await picture.arrayBuffer())).metadata();
      expect([width, height]).toEqual([640, 426]);
    });

    test('ends before it enrols a device, if there is no such clip', async () => {
      const { status, said } = await simulate(['--video', 'none.mkv', '--prefix', 'none']);
      expect(status).toBe(1);
      expect(said).toMatch(/^ffmpeg cannot read .*none\.mkv: .*No such file/);
      expect((await ask('/devices/none-1')).status).toBe(404);
    });

    async function simulate(given: readonly string[]): Promise<{ readonly status: number; readonly said: string }> {
      const at = ['--url', url, '--password', PASSWORD, '--start', new Date(startMs).toISOString()];
      // npm says in INIT_CWD where it was called.
      const env = { ...process.env, INIT_CWD: folder };
      return await new Promise((settle) => {
        execFile(
          process.execPath,
          ['dev/run.mjs', 'dev/simulate.ts', ...at, ...given],
          { cwd: ROOT, env },
          (error, ...said) => settle({ status: Number(error?.code ?? 0), said: said.join('') }),
        );
      });
    }

    async function capturedMs(cameraId: string): Promise<readonly number[]> {
      return (await captures(cameraId))
        .map(({ captured_at: at }) => Date.parse(`${at}Z`) - startMs)
        .sort((a, b) => a - b);
    }

    async function captures(cameraId: string): Promise<readonly Capture[]> {
      const answer = await ask(`/api/captures?camera_id=${cameraId}&page_size=100`);
      return ((await answer.json()) as { captures: readonly Capture[] }).captures;
    }

    function ask(path: string): Promise<Response> {
      const authorization = basicAuthorization({ password: PASSWORD });
      return fetch(`${url}${path}`, { headers: { authorization } });
    }
  },
);
