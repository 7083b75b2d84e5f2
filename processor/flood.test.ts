import { expect, test } from 'vitest';
import { createRandom } from '../dev/simulate/random.ts';
import { floodWords, noOutcomes, type Outcomes, withOutcomes } from './flood.ts';

const dead = (count: number) => Array<boolean>(count).fill(true);
const well = (count: number) => Array<boolean>(count).fill(false);
const mixed = (count: number) => Array.from({ length: count }, (_, at) => at % 2 === 0);

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
])('%s', (_, batches, isFlood) => {
  let outcomes: Outcomes = noOutcomes;
  const floods = batches.map((batch) => {
    const next = withOutcomes(outcomes, batch);
    outcomes = next.outcomes;
    return next.isFlood;
  });
  expect(floods.some(Boolean)).toBe(isFlood);
  expect(outcomes.length).toBeLessThanOrEqual(200);
});

test('how records come in batches makes no difference', () => {
  const random = createRandom(1, 'flood');
  const all = Array.from({ length: 2_000 }, (_, at) => random.chance(at > 1_000 && at < 1_300 ? 0.6 : 0.2));
  const whole = withOutcomes(noOutcomes, all);
  let outcomes: Outcomes = noOutcomes;
  let isFlood = false;
  for (const one of all) {
    const next = withOutcomes(outcomes, [one]);
    outcomes = next.outcomes;
    isFlood ||= next.isFlood;
  }
  expect({ outcomes, isFlood }).toEqual(whole);
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
