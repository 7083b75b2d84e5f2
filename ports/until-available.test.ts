import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Outage } from './errors.ts';
import { untilAvailable } from './until-available.ts';

const logger = pino({ level: 'silent' });
const refused = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

test('what a server is not there for is done again, until it is', async () => {
  const failures = [new Outage('the database does not answer', 'starting'), refused()];
  const work = async () => {
    const failure = failures.shift();
    if (failure) throw failure;
    return 'done';
  };
  expect(await untilAvailable(work, { logger })).toBe('done');
  expect(failures).toEqual([]);
});

test('what is wrong with the work itself is told at once', async () => {
  let tries = 0;
  const work = async () => {
    tries += 1;
    throw new TypeError('wrong');
  };
  await expect(untilAvailable(work, { logger })).rejects.toThrow(TypeError);
  expect(tries).toBe(1);
});

test.each([
  ['is away', () => Promise.reject(refused())],
  ['never answers', () => new Promise(() => undefined)],
])('nobody who is to stop waits for a server that %s', async (_, work) => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  await expect(untilAvailable(work, { logger, signal: stop.signal })).rejects.toThrow(/aborted/);
});
