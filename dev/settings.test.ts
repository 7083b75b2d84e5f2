import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { embeddedConfig } from './config.ts';

const FILE = new URL('../.env.example', import.meta.url);

test('.env.example lists every setting with its meaning and default', () => {
  const settings = Object.entries(
    embeddedConfig.properties as Record<string, { description?: string; default?: unknown }>,
  );
  const text = [
    '# Settings of `npm start`. Copy to .env and change what you need; what the environment says wins over the file.',
    ...settings.map(([name, { description, default: value }]) => `\n# ${description}\n#${name}=${value ?? ''}`),
    '',
  ].join('\n');
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(FILE, text);
  expect(readFileSync(FILE, 'utf8')).toBe(text);
});
