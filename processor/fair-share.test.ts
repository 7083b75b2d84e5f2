import { describe, expect, test } from 'vitest';
import { createRandom } from '../dev/simulate/random.ts';
import { fairShare, type Share } from './fair-share.ts';

/** A letter is a record of the device of that name; the small ones are put off. */
describe('each device gets its share', () => {
  test.each<[string, number, number, string]>([
    ['of one, as much as there is room for', 4, 9, 'AAAAaa'],
    ['of one, no more than a device may have', 9, 3, 'AAAaaa'],
    ['who comes late has as much as who came first', 4, 9, 'AAaaaaBBbb'],
    ['what one does not need the others have', 6, 9, 'AAAaaaBBC'],
    ['a place that is left goes to who has waited longest', 5, 9, 'AAAaBBb'],
    ['where there are more devices than places, too', 2, 9, 'AaBcc'],
    ['the order stays', 9, 2, 'ABBCbAaab'],
    ['all, where there is room', 9, 9, 'ABCAB'],
    ['of nothing, nothing', 9, 9, ''],
  ])('%s', (_, batchRecordsMax, deviceRecordsMax, expected) => {
    expect(share([...expected.toUpperCase()], { batchRecordsMax, deviceRecordsMax })).toBe(expected);
  });

  test('whatever waits', () => {
    const random = createRandom(1, 'fair share');
    for (let time = 0; time < 300; time += 1) {
      const between = (least: number, most: number) => Math.floor(random.between(least, most + 1));
      const devices = ['A', 'B', 'C', 'D', 'E'].slice(0, between(1, 5)) as [string, ...string[]];
      const limits = { batchRecordsMax: between(1, 12), deviceRecordsMax: between(1, 6) };
      const shared = share(
        Array.from({ length: between(1, 30) }, () => random.pick(devices)),
        limits,
      );
      const counts = devices.map((device) => {
        const own = [...shared].filter((one) => one.toUpperCase() === device).join('');
        expect(own, 'the first ones').toMatch(/^[A-Z]*[a-z]*$/);
        return { taken: own.replace(/[a-z]/g, '').length, waits: /[a-z]/.test(own) };
      });
      const most = Math.max(...counts.map(({ taken }) => taken));
      const least = Math.min(...counts.filter(({ waits }) => waits).map(({ taken }) => taken));
      expect(most - Math.min(most, least), 'of one more than of another who waits').toBeLessThanOrEqual(1);
      expect(most).toBeLessThanOrEqual(limits.deviceRecordsMax);
      const total = counts.reduce((sum, { taken }) => sum + taken, 0);
      expect(total).toBeLessThanOrEqual(limits.batchRecordsMax);
      expect(shared[0], 'the first of all').toMatch(/[A-Z]/);
      const hasRoom = total < limits.batchRecordsMax;
      if (hasRoom) expect(least, 'nobody waits in vain').toBeGreaterThanOrEqual(limits.deviceRecordsMax);
    }
  });
});

function share(keys: readonly string[], limits: Share): string {
  const waiting = keys.map((key) => ({ key }));
  const { taken, putOff } = fairShare(waiting, limits);
  expect([taken, putOff]).toEqual([
    waiting.filter((one) => taken.includes(one)),
    waiting.filter((one) => !taken.includes(one)),
  ]);
  return waiting.map((one) => (taken.includes(one) ? one.key : one.key.toLowerCase())).join('');
}
