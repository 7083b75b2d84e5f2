import { afterEach, describe, expect, test } from 'vitest';
import { Arrivals } from './arrivals.ts';

const place = { topic: 'frames', partition: 2 };
const open: Arrivals[] = [];
const arrivalsOf = (name: string | null) => {
  const arrivals = new Arrivals({ name });
  open.push(arrivals);
  return arrivals;
};

afterEach(() => {
  for (const arrivals of open.splice(0)) arrivals.close();
});

/** How long a wait took that nothing but an arrival cuts short. */
async function waited(arrivals: Arrivals, count: number, meanwhile: () => void): Promise<number> {
  const sinceMs = performance.now();
  const waiting = arrivals.wait(place, count, { msMax: 1_000, signal: new AbortController().signal });
  meanwhile();
  await waiting;
  return performance.now() - sinceMs;
}

describe('a wait for an arrival', () => {
  test('ends with one that is told here', async () => {
    const arrivals = arrivalsOf(null);
    expect(await waited(arrivals, 0, () => arrivals.tell('frames', 2))).toBeLessThan(900);
  });

  test('ends with one that is told by another of its name, and not by one of another name', async () => {
    const [here, there, elsewhere] = [arrivalsOf('one'), arrivalsOf('one'), arrivalsOf('other')];
    expect(await waited(here, 0, () => elsewhere.tell('frames', 2))).toBeGreaterThan(900);
    expect(await waited(here, 0, () => there.tell('frames', 2))).toBeLessThan(900);
    expect(here.count('frames', 2)).toBe(1);
  });

  test('is none where one has come since the count', async () => {
    const arrivals = arrivalsOf(null);
    arrivals.tell('frames', 2);
    expect(await waited(arrivals, 0, () => undefined)).toBeLessThan(900);
    expect(await waited(arrivals, 1, () => arrivals.tell('frames', 1))).toBeGreaterThan(900);
  });
});
