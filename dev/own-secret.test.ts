import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Unusable } from '../ports/errors.ts';
import { ownSecret } from './own-secret.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-secret-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('is made once, for its owner’s eyes, and stays', async () => {
  const secret = await ownSecret(folder);
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(await ownSecret(folder)).toBe(secret);
  expect(statSync(join(folder, 'server-secret')).mode & 0o777).toBe(0o600);
});

test('is not made anew when it cannot be what it was', async () => {
  writeFileSync(join(folder, 'server-secret'), 'half of i');
  await expect(ownSecret(folder)).rejects.toThrow(Unusable);
  await expect(ownSecret(folder)).rejects.toThrow(/cut short/);
});
