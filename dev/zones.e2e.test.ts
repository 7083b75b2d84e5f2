import { expect, test } from 'vitest';
import { openCounter } from './eval/count-scene.ts';
import { addCounts, isSame, noCounts } from './eval/placed-scene.ts';

/** As `npm run eval:zones`, of fewer, and some people are missed: of those who hide each other some are taken for another then. */
const SCENES = 20;

test('zones and lines of rendered scenes are counted as they truly are', { timeout: 120_000 }, async () => {
  const counter = await openCounter({ seconds: 90, fps: 5, jitter: { edges: 0.015, missed: 0.05 } });
  let [found, total, exact] = [noCounts, noCounts, 0];
  for (let seed = 1; seed <= SCENES; seed += 1) {
    const { happened, ours } = await counter.count(seed);
    [found, total, exact] = [
      addCounts(found, ours),
      addCounts(total, happened),
      exact + Number(isSame(happened, ours)),
    ];
  }
  await counter.close();
  expect(exact).toBeGreaterThanOrEqual(SCENES - 2);
  for (const name of ['entered', 'left', 'in', 'out'] as const) {
    expect(total[name], name).toBeGreaterThan(SCENES);
    expect(Math.abs(found[name] - total[name]), name).toBeLessThanOrEqual(1);
  }
});
