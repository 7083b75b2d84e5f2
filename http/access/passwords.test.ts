import { expect, test } from 'vitest';
import { Problem } from '../problem.ts';
import { hashPassword, unmatchableHash, verifyPassword } from './passwords.ts';

test('a password fits its own hash, and no other', async () => {
  const hash = await hashPassword('correct horse');
  expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$[\w+/]{22}==\$[\w+/]{43}=$/);
  expect(await hashPassword('correct horse')).not.toBe(hash);
  expect(await verifyPassword('correct horse', hash)).toBe(true);
  expect(await verifyPassword('correct hors', hash)).toBe(false);
  expect(await verifyPassword('', unmatchableHash())).toBe(false);
});

test('an umlaut is the same, however it was typed', async () => {
  expect(await verifyPassword('u\u0308ber', await hashPassword('\u00fcber'))).toBe(true);
});

test('hashes made under other costs stay readable; what is no hash fits nothing', async () => {
  const cheap = '$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA==$AAAA';
  expect(await verifyPassword('x', cheap)).toBe(false);
  for (const broken of ['', 'plain', '$argon2id$v=19$m=1$a$b']) expect(await verifyPassword('x', broken)).toBe(false);
});

test('a flood of guesses is turned away, not queued', async () => {
  const hash = unmatchableHash();
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => verifyPassword('guess', hash)));
  const turnedAway = outcomes.filter((outcome) => outcome.status === 'rejected').map((outcome) => outcome.reason);
  expect(turnedAway.length).toBeGreaterThan(10);
  expect(turnedAway.every((reason) => reason instanceof Problem && reason.status === 503)).toBe(true);
  expect(await verifyPassword('guess', hash)).toBe(false);
});
