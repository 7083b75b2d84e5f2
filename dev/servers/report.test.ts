import { expect, test } from 'vitest';
import { requireReached, skippedLines } from './report.ts';

const missing = { kafka: 'no Docker', timescale: 'no Docker' };

test('what is required and was not reached ends the run, with how to reach it', () => {
  expect(() => requireReached(['kafka', 's3', 'postgres'], missing)).toThrow(
    /kafka: no Docker\. To reach it, .*npm run stack/,
  );
  expect(() => requireReached(['s3', 'postgres'], missing)).not.toThrow();
});

test('a name that means no server is told, not passed over', () => {
  expect(() => requireReached(['kafak'], {})).toThrow('kafak: there is no such server');
});

test('each server that was not reached has one line', () => {
  const lines = skippedLines(missing, (server) =>
    server === 'kafka' ? { files: 2, tests: 30 } : { files: 1, tests: 4 },
  );
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(
    /^SKIPPED: 30 tests in 2 files need kafka, which was not reached \(no Docker\); start Docker or/,
  );
  expect(lines[1]).toMatch(/^SKIPPED: 4 tests in 1 files need timescale/);
});
