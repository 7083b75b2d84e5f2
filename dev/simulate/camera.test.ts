import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createManualClock } from '../../ports/clock/manual.ts';
import { type CameraOptions, capturedCount, evenTimes, runCamera } from './camera.ts';
import { createUploader, type Upload } from './upload.ts';

const startMs = 1_700_000_000_000;
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** What the server does with one upload; `store` says whether it kept the frame before it failed. */
type Act =
  | { readonly do: 'accept' }
  | { readonly do: 'drop'; readonly store: boolean }
  | { readonly do: 'refuse'; readonly status: number; readonly retryAfter?: string }
  | { readonly do: 'stay-silent'; readonly store: boolean };

describe('a camera', () => {
  test('brings every frame through a server that fails in every way, in order', async () => {
    const server = await serve([
      { do: 'drop', store: false },
      { do: 'accept' },
      { do: 'refuse', status: 503, retryAfter: '7' },
      { do: 'refuse', status: 429 },
      { do: 'refuse', status: 408 },
      { do: 'refuse', status: 425 },
      { do: 'drop', store: true },
      { do: 'accept' },
      { do: 'stay-silent', store: true },
    ]);
    const { sleeps, options } = manual({ upload: server.upload(), frameCount: 5 });
    const report = await runCamera(options);

    expect(report.frames).toBe(5);
    expect(report.acknowledged).toEqual(
      [0, 200, 400, 600, 800].map((ms, frameIndex) => ({
        frameIndex,
        capturedAtMs: startMs + ms,
        itemId: `item-${startMs + ms}`,
      })),
    );
    // Stored before the connection broke, and before the answer was too late: told as duplicates.
    expect(report.duplicates).toBe(2);
    expect(report.retries).toBe(7);
    expect(report.latenciesMs).toHaveLength(5);
    expect(server.seen.map((ms) => ms - startMs)).toEqual([0, 0, 200, 200, 200, 200, 200, 200, 400, 400, 600, 800]);
    expect(sleeps[1]).toBe(7000);
  });

  test('waits longer after each failure, from 100 ms to 2 s, and starts over with the next frame', async () => {
    let tries = 0;
    const upload: Upload = async ({ capturedAtMs }) => {
      if (tries++ % 9 !== 8) throw new Error('down');
      return { status: 202, itemId: `${capturedAtMs}`, duplicate: false };
    };
    const { sleeps, options } = manual({ upload, frameCount: 2 });
    const report = await runCamera(options);
    expect(report.retries).toBe(16);
    for (const [index, slept] of sleeps.entries()) {
      const step = Math.min(2000, 100 * 2 ** (index % 8));
      expect(slept).toBeGreaterThanOrEqual(Math.max(100, step / 2));
      expect(slept).toBeLessThanOrEqual(step);
    }
  });

  test('sends a seeded share twice, and gets the same items', async () => {
    const server = await serve([]);
    const run = (duplicateShare: number) =>
      runCamera(
        manual({ upload: server.upload(), frameCount: 40, duplicateShare, startMs: startMs + duplicateShare }).options,
      );
    expect((await run(0)).duplicates).toBe(0);
    const all = await run(1);
    expect(all).toMatchObject({ frames: 40, duplicates: 40, retries: 0 });
    expect(all.acknowledged).toHaveLength(40);
    expect(all.latenciesMs).toHaveLength(80);
  });

  test('does not stand for one frame becoming two items', async () => {
    let items = 0;
    const upload: Upload = async () => ({ status: 202, itemId: `${items++}`, duplicate: false });
    await expect(runCamera(manual({ upload, duplicateShare: 1 }).options)).rejects.toThrow('two items');
  });

  test('stops at a refusal, and shows the problem', async () => {
    const server = await serve([{ do: 'accept' }, { do: 'refuse', status: 415 }]);
    await expect(runCamera(manual({ upload: server.upload() }).options)).rejects.toThrow(
      `refuses ${startMs + 200}.jpg with 415: {"code":"because-415"}`,
    );
  });

  test('reports what it has when it is stopped while the service is down', async () => {
    const stop = new AbortController();
    let sent = 0;
    const upload: Upload = async ({ capturedAtMs }) => {
      sent++;
      if (sent === 10) stop.abort();
      if (sent > 3) throw new Error('down');
      return { status: 202, itemId: `${capturedAtMs}`, duplicate: false };
    };
    const report = await runCamera(manual({ upload, frameCount: 1000, signal: stop.signal }).options);
    expect(report.acknowledged).toHaveLength(3);
    expect(report.retries).toBe(6);
  });

  test('takes pictures by the clock, and catches up after an outage without losing one', async () => {
    const clock = createManualClock(50_000);
    const sentAtMs: number[] = [];
    const upload: Upload = async ({ capturedAtMs }) => {
      // Down from 1 s to 3 s.
      const nowMs = clock.nowMs() - 50_000;
      if (nowMs >= 1000 && nowMs < 3000) throw new Error('down');
      clock.advance(10);
      sentAtMs.push(nowMs);
      return { status: 202, itemId: `${capturedAtMs}`, duplicate: false };
    };
    const { options } = manual({ upload, frameCount: 25, pace: 'real-time', clock });
    const report = await runCamera({ ...options, sleep: async (ms) => clock.advance(ms) });
    expect(report.frames).toBe(25);
    expect(report.acknowledged.map(({ capturedAtMs }) => capturedAtMs - startMs)).toEqual(
      Array.from({ length: 25 }, (_, index) => index * 200),
    );
    expect(sentAtMs.slice(0, 5)).toEqual([0, 200, 400, 600, 800]);
    // The frames that waited go out one upon the other; the last ones are on time again.
    expect((sentAtMs[6] ?? 0) - (sentAtMs[5] ?? 0)).toBe(10);
    expect(sentAtMs.slice(-3)).toEqual([4400, 4600, 4800]);
  });

  test('takes pictures at uneven times, too', async () => {
    const clock = createManualClock(50_000);
    const sentAtMs: number[] = [];
    const upload: Upload = async ({ capturedAtMs }) => {
      sentAtMs.push(clock.nowMs() - 50_000);
      return { status: 202, itemId: `${capturedAtMs}`, duplicate: false };
    };
    const timesMs = [40, 240, 400, 3640];
    const { options } = manual({ upload, timesMs, pace: 'real-time', clock });
    const report = await runCamera({ ...options, sleep: async (ms) => clock.advance(ms) });
    expect(report.acknowledged.map(({ capturedAtMs }) => capturedAtMs - startMs)).toEqual(timesMs);
    expect(sentAtMs).toEqual(timesMs);
  });

  test('is stopped, and has not failed, when what makes its pictures is stopped with it', async () => {
    const stop = new AbortController();
    const upload: Upload = async () => ({ status: 202, itemId: 'a', duplicate: false });
    const { options } = manual({ upload, frameCount: 4, signal: stop.signal });
    const ended = (frameIndex: number) => Promise.reject(new Error(`ended at ${frameIndex}`));
    await expect(runCamera({ ...options, render: ended })).rejects.toThrow('ended at 0');
    const render = async (frameIndex: number) => {
      if (frameIndex < 2) return Buffer.from('x');
      stop.abort();
      return ended(frameIndex);
    };
    expect(await runCamera({ ...options, render })).toMatchObject({ frames: 2, acknowledged: [{}, {}] });
  });

  test('makes no picture before its turn', async () => {
    const rendered: number[] = [];
    let sent = 0;
    const upload: Upload = async ({ capturedAtMs }) => {
      expect(rendered).toHaveLength(++sent);
      return { status: 202, itemId: `${capturedAtMs}`, duplicate: false };
    };
    const { options } = manual({ upload, frameCount: 4 });
    await runCamera({
      ...options,
      render: async (frameIndex) => {
        rendered.push(frameIndex);
        return Buffer.from('x');
      },
    });
    expect(rendered).toEqual([0, 1, 2, 3]);
  });

  test('has taken its first picture at the start, and never more than it was asked for', () => {
    const count = (elapsedMs: number, fps = 5) => capturedCount(evenTimes({ frameCount: 10, fps }), elapsedMs);
    expect([0, 199, 200, 1000, 1e6].map((ms) => count(ms))).toEqual([1, 1, 2, 6, 10]);
    expect(count(1000 / 3, 3)).toBe(2);
    expect(count(-1)).toBe(0);
    expect(capturedCount([], 0)).toBe(0);
  });
});

function manual({
  frameCount = 3,
  ...given
}: Partial<CameraOptions> & Pick<CameraOptions, 'upload'> & { readonly frameCount?: number }) {
  const sleeps: number[] = [];
  const options: CameraOptions = {
    deviceId: 'sim-1',
    timesMs: evenTimes({ frameCount, fps: 5 }),
    startMs,
    render: async (frameIndex) => Buffer.from(`frame ${frameIndex}`),
    pace: 'at-once',
    signal: new AbortController().signal,
    duplicateShare: 0,
    sleep: async (ms) => {
      sleeps.push(ms);
    },
    ...given,
  };
  return { sleeps, options };
}

/** A service that follows the script, then accepts; what it stored once it knows again. */
async function serve(script: readonly Act[]) {
  const acts = [...script];
  const stored = new Set<number>();
  const seen: number[] = [];
  let inHand = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const capturedAtMs = Number(/filename="(\d+)\.jpg"/.exec(body)?.[1]);
    seen.push(capturedAtMs);
    expect(inHand).toBe(1);
    const act = acts.shift() ?? { do: 'accept' };
    const known = stored.has(capturedAtMs);
    if (act.do === 'accept' || ('store' in act && act.store)) stored.add(capturedAtMs);
    const itemId = `item-${capturedAtMs}`;
    if (act.do === 'drop') request.socket.destroy();
    else if (act.do === 'refuse') {
      const retryAfter = act.retryAfter === undefined ? {} : { 'retry-after': act.retryAfter };
      response.writeHead(act.status, { 'content-type': 'application/problem+json', ...retryAfter });
      response.end(JSON.stringify({ code: `because-${act.status}` }));
    } else if (act.do === 'accept') {
      response.writeHead(known ? 200 : 202, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ status: known ? 'duplicate' : 'queued', item_id: itemId, task_id: 'task' }));
    }
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    seen,
    upload(): Upload {
      const patient = createUploader({ url, timeoutMs: 30_000, tokens: new Map() });
      const impatient = createUploader({ url, timeoutMs: 1000, tokens: new Map() });
      return async (frame) => {
        inHand++;
        // Only where no answer will come anyway is there a short limit: a busy machine must not fail the test.
        const upload = acts[0]?.do === 'stay-silent' ? impatient : patient;
        return await upload(frame).finally(() => {
          inHand--;
        });
      };
    },
  };
}
