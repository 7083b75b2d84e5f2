import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('a program without a help of its own is introduced, and not run', () => {
  const results = new URL('./bench/results/detector.json', import.meta.url);
  const before = readFileSync(results, 'utf8');
  const { status, stdout } = spawnSync(process.execPath, ['dev/run.mjs', 'dev/bench/detector.ts', '--help'], {
    encoding: 'utf8',
  });
  expect(stdout).toMatch(/^`npm run bench:detector`: /);
  expect(stdout).not.toContain('*');
  expect(status).toBe(0);
  expect(readFileSync(results, 'utf8')).toBe(before);
});

test('one that has its own says it', () => {
  const { stdout } = spawnSync(process.execPath, ['dev/run.mjs', 'dev/simulate.ts', '--help'], { encoding: 'utf8' });
  expect(stdout).toContain('--devices N');
});
