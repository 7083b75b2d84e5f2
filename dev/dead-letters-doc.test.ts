import { expect, test } from 'vitest';
import { read, repositoryFiles } from './compose/compose-file-under-test.ts';

/** Where letters are written, and what they are written for. */
const CODES = [
  /\bcode: '([a-z-]+)', message\b/g,
  /\bpoison\('([a-z-]+)'/g,
  /new UndecodableRecord\('([a-z-]+)'/g,
  /\b(?:fetch|decode|look): '([a-z-]+)',$/gm,
] as const;

test('docs/dead-letters.md says of every code what it means, and of no other', () => {
  const sources = repositoryFiles.filter(
    (file) =>
      /^(processor|aggregator|ports\/detector|schemas)\/.*\.ts$/.test(file) && !/test\.ts$|contract\.ts$/.test(file),
  );
  const codes = sources.flatMap((file) =>
    CODES.flatMap((pattern) => [...read(file).matchAll(pattern)].map(([, code]) => code)),
  );
  expect(codes).toContain('unstorable');
  const told = [...read('docs/dead-letters.md').matchAll(/^\| `([a-z-]+)` \| [^|]+ \| [^|]+ \|$/gm)].map(
    ([, code]) => code,
  );
  expect(told.sort()).toEqual([...new Set(codes)].sort());
});
