import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { TOOLS_FOLDER } from '../stack/tools.ts';
import type { Manifest } from './helm-under-test.ts';
import { schemaFiles } from './schema-files.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly [word: string]: unknown;
}
interface CustomResource {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

const META = '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
/** Which Kubernetes tells as strings, and reads as numbers too. */
const NUMBERS_TOO = ['.util.intstr.IntOrString', '.api.resource.Quantity'];

/** What is wrong with a manifest, by the schemas of those who read it; fields that these do not know are wrong. */
export function createStrictCheck(): (manifest: Manifest) => string[] {
  const [kubernetes = '', ...customResources] = schemaFiles(TOOLS_FOLDER);
  const { definitions } = JSON.parse(readFileSync(kubernetes, 'utf8')) as { definitions: Record<string, Schema> };
  const known: Record<string, Schema> = {};
  const kinds = new Map<string, string>();
  for (const [name, schema] of Object.entries(definitions)) {
    const readAsNumber = NUMBERS_TOO.some((end) => name.endsWith(end));
    known[name] = readAsNumber ? { type: ['string', 'number'] } : (strict(schema) as Schema);
    const of = schema['x-kubernetes-group-version-kind'] as
      | { group: string; version: string; kind: string }[]
      | undefined;
    for (const { group, version, kind } of of ?? []) kinds.set(`${group ? `${group}/` : ''}${version} ${kind}`, name);
  }
  for (const file of customResources) {
    const { spec } = parse(readFileSync(file, 'utf8')) as CustomResource;
    for (const { name: version, schema } of spec.versions) {
      const kind = `${spec.group}/${version} ${spec.names.kind}`;
      const name = kind.replaceAll(/[/ ]/g, '.');
      const { properties = {}, ...rest } = strict(schema.openAPIV3Schema) as Schema;
      known[name] = { ...rest, properties: { ...properties, metadata: { $ref: META } } };
      kinds.set(kind, name);
    }
  }
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, code: { regExp } });
  ajv.addSchema({ $id: 'all', definitions: known });

  return ({ apiVersion, kind, metadata, ...rest }) => {
    const name = kinds.get(`${apiVersion} ${kind}`);
    if (name === undefined) return [`${apiVersion} ${kind}: nobody knows it`];
    const validate = ajv.getSchema(`all#/definitions/${name}`);
    if (validate?.({ apiVersion, kind, metadata, ...rest })) return [];
    return (validate?.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${kind} ${metadata.name}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };
}

/** As Go has it: (?i) at the beginning of an expression is a flag of ours. */
const regExp = Object.assign(
  (pattern: string, flags: string) =>
    new RegExp(pattern.replace('(?i)', ''), pattern.includes('(?i)') ? `${flags}i` : flags),
  { code: '' },
);

/** The same schema, which takes no field that it does not name. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (schema === null || typeof schema !== 'object') return schema;
  const { properties, ...words } = schema as Schema;
  const rest = Object.fromEntries(Object.entries(words).map(([word, value]) => [word, strict(value)]));
  if (properties === undefined) return rest;
  const named = Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, strict(property)]));
  const open = words.additionalProperties !== undefined || words['x-kubernetes-preserve-unknown-fields'] === true;
  return { ...rest, properties: named, ...(open ? {} : { additionalProperties: false }) };
}
