import { describe, expect, test, vi } from 'vitest';
import { createManualClock } from '../../ports/clock/manual.ts';
import { createCounter, Refused } from './count.ts';

const range = { cameraId: 'sim-1', startMs: 1000, endMs: 2500 };

/** `answers` are given one after the other, the last one for ever. */
function counterOver(answers: readonly (Response | Error)[]) {
  const asked: { readonly url: string; readonly authorization: string | null }[] = [];
  let next = 0;
  vi.stubGlobal('fetch', async (url: URL, init: RequestInit) => {
    asked.push({ url: url.href, authorization: new Headers(init.headers).get('authorization') });
    const answer = answers[Math.min(next++, answers.length - 1)];
    if (!(answer instanceof Response)) throw answer;
    return answer.clone();
  });
  const clock = createManualClock(0);
  const counter = createCounter({
    url: 'http://service:8080',
    password: 'pä:ss',
    clock,
    sleep: async (ms) => clock.advance(ms),
  });
  return { asked, clock, counter };
}

const total = (count: number) => Response.json({ captures: [], total: count });

describe('the service’s own count', () => {
  test('is asked for by camera and range, as admin', async () => {
    const { asked, counter } = counterOver([total(3)]);
    expect(await counter.count(range)).toBe(3);
    expect(asked).toEqual([
      {
        url:
          'http://service:8080/api/captures?camera_id=sim-1&start_time=1970-01-01T00%3A00%3A01.000Z' +
          '&end_time=1970-01-01T00%3A00%3A02.500Z&page_size=1',
        authorization: `Basic ${Buffer.from('admin:pä:ss').toString('base64')}`,
      },
    ]);
  });

  test('is awaited until it is complete, through failures', async () => {
    const answers = [
      total(1),
      new Error('down'),
      new Response('', { status: 503 }),
      new Response('{}', { status: 429 }),
      total(5),
    ];
    const { asked, clock, counter } = counterOver(answers);
    expect(await counter.waitFor(range, 5)).toBe(5);
    expect(asked).toHaveLength(5);
    expect(clock.nowMs()).toBe(2000);
  });

  test('is given up when it stands still for 30 s', async () => {
    const { clock, counter } = counterOver([...Array.from({ length: 20 }, () => total(1)), total(4)]);
    expect(await counter.waitFor(range, 5)).toBe(4);
    // It moved after 10 s, so that the 30 s began again.
    expect(clock.nowMs()).toBe(40_000);
  });

  test('is nothing at all where the service does not know the path', async () => {
    const elsewhere = Response.json({ code: 'not-found' }, { status: 404 });
    await expect(counterOver([elsewhere]).counter.count(range)).rejects.toThrow(Refused);
  });

  test('is not asked for again where the service refuses', async () => {
    const { asked, counter } = counterOver([new Response('{"code":"unauthorized"}', { status: 401 })]);
    await expect(counter.waitFor(range, 5)).rejects.toThrow(Refused);
    expect(asked).toHaveLength(1);
    await expect(counterOver([Response.json({ nothing: 1 })]).counter.count(range)).rejects.toThrow('without a total');
  });
});
