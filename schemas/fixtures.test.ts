import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createCodec, fixedCodec } from './codec.ts';
import { incompatibilities } from './compatibility.ts';
import { fingerprintOf } from './fingerprint.ts';
import { createFixture, fixtureText, parseFixture, readFixture } from './fixtures.ts';
import { generateTypes } from './generate-types.ts';
import { current, released } from './registry.ts';
import { samplesOf } from './sample.ts';

const files = (folder: string) => readdirSync(new URL(folder, import.meta.url));

test('types.ts is what `npm run schemas` writes', () => {
  expect(readFileSync(new URL('types.ts', import.meta.url), 'utf8')).toBe(generateTypes(current.values()));
});

test('every schema file has an id', () => {
  const onDisk = files('.').filter((file) => file.endsWith('.avsc'));
  expect([...current.values()].map(({ file }) => file).sort()).toEqual(onDisk.sort());
});

test('every fixture has an id', () => {
  expect(files('fixtures').sort()).toEqual(released.map(({ id, name }) => `${id}-${name}.json`).sort());
});

describe.each(released)('schema $id, $name', (schema) => {
  const fixture = readFixture(schema) ?? createFixture(schema);
  const reader = current.get(schema.name) ?? schema;

  test('has golden bytes', () => {
    expect(readFixture(schema)).not.toBeNull();
  });

  test('is unchanged since it was released; a change takes a new id', () => {
    expect(fingerprintOf(schema.schema)).toBe(fixture.fingerprint);
  });

  test('its golden bytes say today what they said then', () => {
    for (const { value, hex } of fixture.records) {
      // Fields that are newer than the bytes have come to be, with their defaults.
      expect(fixedCodec.decode(Buffer.from(hex, 'hex'))).toMatchObject({ name: schema.name, value });
    }
  });

  test('its readers, unchanged, read what is written today', () => {
    const { name } = schema;
    const today = { id: 1, name, version: 1, schema: reader.schema };
    const { encode } = createCodec([today]);
    // Whose newest schema is this one, though it knows what is written with the other.
    const older = createCodec([today, { id: 2, name, version: 2, schema: schema.schema }]);
    const [newer] = samplesOf(reader.schema);
    for (const value of samplesOf(schema.schema)) {
      expect(older.decode(encode(name, { ...newer, ...value } as never))).toEqual({ name, value });
    }
  });

  test('may be followed by the current one', () => {
    expect(incompatibilities(schema.schema, reader.schema)).toEqual([]);
  });
});

test('a fixture survives being written and read', () => {
  for (const schema of released) {
    const fixture = createFixture(schema);
    expect(parseFixture(fixtureText(fixture))).toEqual(fixture);
  }
});
