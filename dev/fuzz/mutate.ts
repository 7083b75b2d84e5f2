import type { Random } from '../simulate/random.ts';

const TEXTS = [
  '',
  '..',
  '../../etc/passwd',
  '%2e%2e%2f',
  'a\u0000b',
  '\u0000',
  '\r\nX-Injected: 1',
  '"',
  "'; drop table devices; --",
  '\ud800',
  'ＡＢＣ',
  'é'.repeat(50),
  'x'.repeat(300),
  '-1',
  '1e309',
  'NaN',
  '9007199254740993',
  '[]',
  '{"$ne":1}',
  '__proto__',
  'constructor',
  '🙂',
  '1970-01-01T00:00:00Z',
  '9999-12-31T23:59:60Z',
  '0000-00-00',
  '{{7*7}}',
] as const;

const NUMBERS = [0, -0, -1, 1.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, 2 ** 53, 1e300, -1e300, 8.64e15, 8.64e15 + 1];

export function hostileText(random: Random): string {
  return random.pick(TEXTS);
}

/** The value with a member or two changed, taken away, or added. */
export function mutateJson(random: Random, value: unknown): unknown {
  if (random.chance(0.05)) return hostileValue(random);
  if (typeof value !== 'object' || value === null || random.chance(0.3)) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  const keys = Object.keys(copy);
  for (let changes = Math.floor(random.between(1, 3)); changes > 0; changes -= 1) {
    const key = keys[Math.floor(random.between(0, keys.length))];
    const record = copy as Record<string, unknown>;
    if (random.chance(0.2)) record[random.pick(TEXTS).slice(0, 20) || 'more'] = hostileValue(random);
    else if (key === undefined || random.chance(0.2)) delete record[key ?? ''];
    else record[key] = random.chance(0.3) ? mutateJson(random, record[key]) : hostileValue(random);
  }
  return copy;
}

function hostileValue(random: Random, depth = 0): unknown {
  const kind = Math.floor(random.between(0, 8));
  if (kind < 3) return random.pick(TEXTS);
  if (kind < 5) return NUMBERS[Math.floor(random.between(0, NUMBERS.length))];
  if (kind === 5) return random.pick([true, false, null]);
  if (depth > 30) return [];
  return kind === 6
    ? Array.from({ length: Math.floor(random.between(0, 4)) }, () => hostileValue(random, depth + 1))
    : { [random.pick(TEXTS).slice(0, 30)]: hostileValue(random, depth + 1) };
}

/** Some bytes changed, repeated, or gone. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0) return Buffer.from(random.pick(TEXTS));
  const copy = Buffer.from(bytes);
  const at = () => Math.floor(random.between(0, copy.length));
  const kind = random.next();
  if (kind < 0.5) {
    for (let changes = Math.floor(random.between(1, 8)); changes > 0; changes -= 1) {
      copy[at()] = Math.floor(random.between(0, 256));
    }
    return copy;
  }
  const [from, to] = [at(), at()].sort((a, b) => a - b) as [number, number];
  if (kind < 0.75) return Buffer.concat([copy.subarray(0, from), copy.subarray(to)]);
  return Buffer.concat([copy.subarray(0, to), copy.subarray(from)]);
}
