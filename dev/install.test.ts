import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('where all packages are installed none is missing, whatever they call their versions', () => {
  const ask = "import('./dev/install.mjs').then(({ findMissing }) => console.log(JSON.stringify(findMissing(true))))";
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  expect(JSON.parse(execFileSync(process.execPath, ['-e', ask], { cwd, encoding: 'utf8' }))).toEqual([]);
});
