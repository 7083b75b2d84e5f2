import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readers } from '../../schemas/readers.ts';
import { ROOT, read } from '../compose/compose-file-under-test.ts';
import { services } from '../compose/services-under-test.ts';
import { type Setting, settings, values, valuesText } from './values-under-test.ts';

/** What the chart's own files say to each other, and to the rest of the repository; Helm is not needed for it. */
interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly description?: string;
}
const FOLDER = 'ops/helm/passerby';
const schema = JSON.parse(read(`${FOLDER}/values.schema.json`)) as Schema & { $defs: Record<string, Schema> };
const names = Object.keys(services);

test('the chart is of the version in package.json', () => {
  const { version, appVersion, description } = parse(read(`${FOLDER}/Chart.yaml`));
  const ours = JSON.parse(read('package.json'));
  expect([version, appVersion, description]).toEqual([ours.version, ours.version, ours.description]);
});

describe('settings', () => {
  test('are listed in values.yaml, with their meaning and default', () => {
    const [before, after] = ['  # Settings begin.\n', '  # Settings end.\n'];
    const lines = Object.entries(settings).map(
      ([name, { description, default: byDefault }]) =>
        `  # ${description}\n${name === 'LOG_LEVEL' ? '  LOG_LEVEL: info' : `  #${name}: ${inYaml(byDefault)}`.trimEnd()}\n`,
    );
    const block = new RegExp(`${before}[^]*?${after}`);
    expect(valuesText).toMatch(block);
    const text = valuesText.replace(block, () => before + lines.join('') + after);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(join(ROOT, FOLDER, 'values.yaml'), text);
    expect(read(`${FOLDER}/values.yaml`)).toBe(text);
  });

  test('are refused by values.schema.json as the services would refuse them', () => {
    const properties = Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, inSchema(setting)]));
    const of = { type: 'object', description: 'Settings of the services.', additionalProperties: false, properties };
    const text = `${JSON.stringify({ ...schema, properties: { ...schema.properties, settings: of } }, null, 2)}\n`;
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(join(ROOT, FOLDER, 'values.schema.json'), text);
    expect(read(`${FOLDER}/values.schema.json`)).toBe(text);
  });
});

test('the README says how many connections to the database each pod may have', () => {
  const of = (service: string) =>
    [...read(`${service}/main.ts`).matchAll(/connectionsMax: (\d+)/g)].reduce((sum, [, most]) => sum + Number(most), 0);
  expect(of('console')).toBe(of('ingest'));
  expect(of('processor')).toBe(0);
  expect(read(`${FOLDER}/README.md`)).toContain(
    `At most ${of('aggregator')} connections of each aggregator, ${of('ingest')} of each ingest and console, ${of('snapshots')} of each snapshots.`,
  );
});

describe('values', () => {
  const known = leaves(schema).filter((path) => path !== 'global' && !path.startsWith('settings.'));

  test('are the same in values.yaml and in values.schema.json', () => {
    expect(known.length).toBeGreaterThan(60);
    expect(known.filter((path) => !has(values, path.split('.')))).toEqual([]);
    const written = pathsOf(values).filter((path) => !path.startsWith('settings.'));
    const unknown = written.filter((path) => !known.some((leaf) => path === leaf || path.startsWith(`${leaf}.`)));
    expect(unknown).toEqual([]);
  });

  test('are told in the README, each once, and no others', () => {
    const rows = [...read(`${FOLDER}/README.md`).matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
    );
    const told = rows.flatMap((row) =>
      row.startsWith('SERVICE.') ? names.map((name) => row.replace('SERVICE', name)) : [row],
    );
    expect(told.sort()).toEqual([...known, 'settings'].sort());
  });

  test('say of each what it means', () => {
    expect(leaves(schema, (leaf) => leaf.description === undefined)).toEqual([]);
  });

  test('take addresses as the services do', () => {
    const { kafka, s3 } = schema.properties ?? {};
    const patternOf = (setting: string) => (services.ingest?.settings[setting] as Setting | undefined)?.pattern;
    const pattern = (of: Schema | undefined, name: string) => (of?.properties?.[name] as Setting | undefined)?.pattern;
    expect(pattern(kafka, 'brokers')).toBe(patternOf('KAFKA_BROKERS'));
    expect(pattern(s3, 'bucket')).toBe(patternOf('S3_BUCKET'));
    expect(pattern(s3, 'region')).toBe(patternOf('S3_REGION'));
    expect(pattern(s3, 'endpoint')).toBe(patternOf('S3_ENDPOINT')?.replace(/^\^(.*)\$$/, '^($1)?$'));
  });

  test('scale by readers that there are, all of those who may be several', () => {
    const scaled = Object.entries(values.keda as Record<string, { lagSeconds?: object }>).flatMap(
      ([, { lagSeconds }]) => Object.keys(lagSeconds ?? {}),
    );
    expect(scaled.sort()).toEqual([...new Set(readers.map(({ group }) => group))].sort());
  });
});

function inYaml(value: unknown): string {
  return typeof value === 'string' && /^(on|off|)$/.test(value) ? JSON.stringify(value) : String(value ?? '""');
}

/** Without what Helm's regular expressions do not know. */
function inSchema({ type, description, minimum, maximum, pattern, anyOf }: Setting): object {
  if (anyOf) return { enum: anyOf.map(({ const: value }) => value), description };
  const plain = pattern?.includes('(?') ? undefined : pattern;
  return { type, description, minimum, maximum, pattern: plain };
}

/** Where a value is that has no more values in it. */
function leaves(of: Schema, wanted: (leaf: Schema) => boolean = () => true, path: readonly string[] = []): string[] {
  const { properties, ...rest } = of.$ref ? (schema.$defs[of.$ref.replace('#/$defs/', '')] ?? {}) : of;
  if (properties === undefined) return wanted(rest) ? [path.join('.')] : [];
  return Object.entries(properties).flatMap(([name, property]) => leaves(property, wanted, [...path, name]));
}

function has(within: unknown, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return true;
  return typeof within === 'object' && within !== null && first in within && has(within[first as never], rest);
}

function pathsOf(within: unknown, path: readonly string[] = []): string[] {
  if (typeof within !== 'object' || within === null || Array.isArray(within)) return [path.join('.')];
  const entries = Object.entries(within);
  return entries.length === 0 ? [path.join('.')] : entries.flatMap(([name, value]) => pathsOf(value, [...path, name]));
}
