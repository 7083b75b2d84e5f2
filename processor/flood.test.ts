import { expect, test } from 'vitest';
import { createRandom } from '../dev/simulate/random.ts';
import { floodWords, noOutcomes, type Outcomes, withOutcomes } from './flood.ts';

/** Of one device, or of four in turns. */
const outcomes = (count: number, code: string | null, of?: string): Outcomes =>
  Array.from({ length: count }, (_, at) => ({ device: of ?? `camera-${at % 4}`, code }));
const dead = (count: number, of?: string) => outcomes(count, 'picture-missing', of);
const well = (count: number, of?: string) => outcomes(count, null, of);
const mixed = (count: number) =>
  Array.from({ length: count }, (_, at) => (at % 2 === 0 ? dead(1, `${at % 7}`) : well(1, `${at % 5}`))).flat();

test.each([
  ['nothing', [], false],
  ['a hundred at once', [dead(100)], false],
  ['one more', [dead(101)], true],
  ['one more, in another batch', [dead(60), dead(41)], true],
  ['every second one', [mixed(1_000)], false],
  ['a hundred, and another hundred after as many that went well', [dead(100), well(100), dead(100)], false],
  ['a hundred and one within two hundred', [dead(50), well(99), dead(51)], true],
  ['the same, one record further apart', [dead(50), well(100), dead(51)], false],
  ['a flood that is over by the end of its batch', [[...dead(101), ...well(500)]], true],
  ['all of one device', [dead(400, 'broken')], false],
  ['half of one device, and half of another', [dead(51, 'one'), dead(51, 'other')], true],
  ['one device makes up for most of it', [[...dead(60, 'broken'), ...dead(41)]], false],
])('%s', (_, batches, isFlood) => {
  let known: Outcomes = noOutcomes;
  const floods = batches.map((batch) => {
    const next = withOutcomes(known, batch);
    known = next.outcomes;
    return next.isFlood;
  });
  expect(floods.some(Boolean)).toBe(isFlood);
  expect(known.length).toBeLessThanOrEqual(200);
});

test('how records come in batches makes no difference', () => {
  const random = createRandom(1, 'flood');
  const all = Array.from({ length: 2_000 }, (_, at) => {
    const isDead = random.chance(at > 1_000 && at < 1_300 ? 0.6 : 0.2);
    return { device: `camera-${at % 3}`, code: isDead ? 'picture-missing' : null };
  });
  const whole = withOutcomes(noOutcomes, all);
  let known: Outcomes = noOutcomes;
  let isFlood = false;
  for (const one of all) {
    const next = withOutcomes(known, [one]);
    known = next.outcomes;
    isFlood ||= next.isFlood;
  }
  expect({ outcomes: known, isFlood }).toEqual(whole);
});

test('all of one device, where there is no other', () => {
  expect(withOutcomes(noOutcomes, dead(100, 'alone'), { isAlone: true }).isFlood).toBe(false);
  expect(withOutcomes(noOutcomes, dead(101, 'alone'), { isAlone: true }).isFlood).toBe(true);
});

test('one in a hundred, in bursts of fifty, is none', () => {
  const burst = [...well(4_950), ...dead(50)];
  const all = Array.from({ length: 10 }, () => burst).flat();
  expect(withOutcomes(noOutcomes, all).isFlood).toBe(false);
});

test.each([
  ['the only one', ['undecodable'], 'undecodable'],
  ['the commonest', ['undecodable', 'picture-missing', 'not-confluent', 'picture-missing'], 'picture-missing'],
  ['the first of those as common', ['not-confluent', 'undecodable', 'undecodable', 'not-confluent'], 'not-confluent'],
])('the words say why: %s', (_, codes, commonest) => {
  expect(floodWords(codes)).toContain(`now mostly ${commonest}:`);
});
