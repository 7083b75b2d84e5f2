import { Ajv, type ErrorObject, type Options, type SchemaValidateFunction } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';
import Format from 'typebox/format';

/** One thing wrong with the input. */
export interface Fault {
  readonly in: 'path' | 'body' | 'query' | 'headers';
  /** A JSON pointer as a URI fragment, as in RFC 9457's own example: `#/zones/0/name`. */
  readonly pointer: string;
  readonly detail: string;
}

/** Nobody corrects more at once, and a small body can hold thousands. */
const FAULTS_MAX = 50;

/** An Ajv that knows TypeBox's formats, and reports all faults rather than the first. */
export function createAjv(options: Options): Ajv {
  const ajv = new Ajv({ allErrors: true, useDefaults: true, strictTypes: false, verbose: true, ...options });
  for (const [name, check] of Format.Entries()) ajv.addFormat(name, check);
  ajv.addKeyword({ keyword: 'x-unique-by', type: 'array', schemaType: 'string', validate: uniqueBy, errors: true });
  return ajv;
}

/**
 * `'x-unique-by': 'id'` on an array: no two of its items have the same id; 'x y': nor the same x and y. Said of each that
 * comes after its like. Ajv's own `uniqueItems` falls over an item with a member `toString`.
 */
const uniqueBy: SchemaValidateFunction = (members: string, items: readonly unknown[], _schema, place) => {
  const names = members.split(' ');
  const seen = new Set<string>();
  uniqueBy.errors = items.flatMap((item, at) => {
    const values = names.map((name) =>
      typeof item === 'object' && item !== null ? Reflect.get(item, name) : undefined,
    );
    if (values.includes(undefined)) return [];
    const like = JSON.stringify(values);
    if (!seen.has(like)) {
      seen.add(like);
      return [];
    }
    const last = names.length === 1 ? `/${members}` : '';
    const instancePath = `${place?.instancePath ?? ''}/${at}${last}`;
    return [{ keyword: 'x-unique-by', instancePath, params: {}, message: 'is there twice' }];
  });
  return uniqueBy.errors.length === 0;
};

/**
 * Text is coerced where the protocol has nothing but text (path, query, headers). A JSON body has types of its own,
 * so `"5"` is no number there, `null` no empty string, and a field that the schema forbids is named, not dropped.
 *
 * Ajv warns that `allErrors` costs time on hostile input; what is validated here has passed the 64 KB body limit.
 */
export function createValidatorCompiler(): FastifySchemaCompiler<object> {
  const body = createAjv({});
  const text = createAjv({ coerceTypes: 'array', removeAdditional: true });
  return ({ schema, httpPart }) => (httpPart === 'body' ? body : text).compile(schema);
}

/** What is wrong, by the place where it is: `['zones', '0', 'name']`. */
export interface PlacedFault {
  readonly path: readonly string[];
  readonly detail: string;
}

type AjvFault = Pick<ErrorObject, 'keyword' | 'instancePath' | 'params' | 'message' | 'parentSchema'>;

/** Ajv's errors in words, one for each place. */
export function placeFaults(errors: readonly AjvFault[]): PlacedFault[] {
  const places = new Map<string, { path: string[]; said: Set<string>; allowed: Set<string> }>();
  for (const error of errors) {
    const path = placeOf(error);
    const key = path.join('\n');
    const place = places.get(key) ?? { path, said: new Set(), allowed: new Set() };
    if (!places.has(key)) {
      if (places.size === FAULTS_MAX) continue;
      places.set(key, place);
    }
    if (error.keyword === 'const') place.allowed.add(String(error.params.allowedValue));
    else if (error.keyword === 'enum') for (const value of error.params.allowedValues) place.allowed.add(`${value}`);
    else place.said.add(wordsFor(error));
  }
  return [...places.values()].map(({ path, said, allowed }) => {
    if (allowed.size > 0) said.add(`must be ${allowed.size > 1 ? 'one of ' : ''}${[...allowed].join(', ')}`);
    // That no branch of a union fits says nothing once the branches have said why.
    const telling = [...said].filter((words) => said.size === 1 || !words.includes('a schema in'));
    return { path, detail: telling.join('; ') };
  });
}

export function pointerTo(path: readonly string[]): string {
  return ['#', ...path.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')))].join('/');
}

function placeOf({ instancePath, params, keyword }: AjvFault): string[] {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (keyword === 'required') path.push(String(params.missingProperty));
  if (keyword === 'additionalProperties') path.push(String(params.additionalProperty).slice(0, 100));
  return path;
}

function wordsFor({ keyword, message, parentSchema }: AjvFault): string {
  // A pattern says it to programs; beside it stands what it means.
  if (keyword === 'pattern' && parentSchema?.description) return `must be this: ${parentSchema.description}`;
  if (keyword === 'required') return 'is missing';
  if (keyword === 'additionalProperties') return 'is not known here';
  return message ?? 'is not valid';
}
