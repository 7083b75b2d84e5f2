import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { envFile, exportLines } from './environment.ts';

const env = { PLAIN: 'http://127.0.0.1:1', URL: 'postgres://a:b@h:1/d?x=1&y=2', ODD: "it's a $HOME; `rm`" };

test('a shell that reads the lines has the same values', () => {
  const script = [...exportLines(env), 'printf "%s\\n%s\\n%s\\n" "$PLAIN" "$URL" "$ODD"'].join('\n');
  const said = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
  expect(said.trimEnd().split('\n')).toEqual(Object.values(env));
});

test('plain values are not quoted, so that they can be copied', () => {
  expect(exportLines({ PLAIN: env.PLAIN })).toEqual(['export PLAIN=http://127.0.0.1:1']);
});

test('an env file has one variable on each line, which a shell can take too', () => {
  expect(envFile({ A: '1', B: env.URL })).toBe(`A=1\nB='${env.URL}'\n`);
});
