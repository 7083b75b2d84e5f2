import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { InvalidConfig, readConfig } from './read-config.ts';

const schema = Type.Object({
  PORT: Type.Integer({ default: 8080, minimum: 1, maximum: 65_535 }),
  DATABASE_URL: Type.String({ pattern: '^postgres(ql)?://' }),
  CAPTURE_INDEX: Type.Union([Type.Literal('on'), Type.Literal('off')], { default: 'on' }),
  LOG_LEVEL: Type.Enum(['debug', 'info'], { default: 'info' }),
  TRUST_PROXY: Type.Boolean({ default: false }),
  ADMIN_PASSWORD: Type.Optional(Type.String({ minLength: 8 })),
});

test('coerces, fills in defaults, and takes what is empty for what is not set', () => {
  const env = { DATABASE_URL: 'postgres://db/x', PORT: '', TRUST_PROXY: 'true', ADMIN_PASSWORD: ' ', HOME: '/root' };
  expect(readConfig(schema, env)).toEqual({
    PORT: 8080,
    DATABASE_URL: 'postgres://db/x',
    CAPTURE_INDEX: 'on',
    LOG_LEVEL: 'info',
    TRUST_PROXY: true,
  });
});

test('names all faults at once, and shows no secrets', () => {
  const read = () =>
    readConfig(schema, {
      PORT: 'http',
      DATABASE_URL: 'mysql://root:hidden-1@db/x',
      CAPTURE_INDEX: 'no',
      LOG_LEVEL: 'loud',
      TRUST_PROXY: 'maybe',
      ADMIN_PASSWORD: 'hidden',
    });
  expect(read).toThrow(InvalidConfig);
  expect(read).toThrow(
    [
      'The configuration is not valid:',
      '  PORT: must be integer (got "http")',
      '  DATABASE_URL: must match pattern "^postgres(ql)?://" (got "mysql://root:…@db/x")',
      '  CAPTURE_INDEX: must be one of on, off (got "no")',
      '  LOG_LEVEL: must be one of debug, info (got "loud")',
      '  TRUST_PROXY: must be boolean (got "maybe")',
      '  ADMIN_PASSWORD: must NOT have fewer than 8 characters (got a hidden value)',
    ].join('\n'),
  );
});

test('names what is missing', () => {
  expect(() => readConfig(schema, {})).toThrow('DATABASE_URL: is missing');
});
