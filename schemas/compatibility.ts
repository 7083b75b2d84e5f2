import avro, { type Type } from 'avsc';
import { type AvroField, type AvroRecord, type AvroSchema, isUnion, namesOf, type Resolve } from './avro.ts';

/**
 * Why `after` may not follow `before`: a line for each reason, none if it may.
 *
 * Records outlive the program that wrote them, and readers elsewhere outlive a release. So either schema must
 * read what the other wrote; and beyond what Avro asks, nothing may vanish or change its meaning. Avro is content
 * with a renamed field if both names have defaults, and every reader then quietly sees the default.
 */
export function incompatibilities(before: AvroRecord, after: AvroRecord): readonly string[] {
  let newer: Type;
  try {
    newer = compile(after);
  } catch (error) {
    return [`it is no schema: ${messageOf(error)}`];
  }
  const older = compile(before);
  return [
    ...unreadable('old bytes cannot be read', { reader: newer, writer: older }),
    ...unreadable('old readers cannot read new bytes', { reader: older, writer: newer }),
    ...losses({ schema: before, resolve: namesOf(before) }, { schema: after, resolve: namesOf(after) }, before.name),
  ];
}

const compile = (schema: AvroRecord) => avro.Type.forSchema(JSON.parse(JSON.stringify(schema)));

function unreadable(what: string, { reader, writer }: { reader: Type; writer: Type }): readonly string[] {
  try {
    reader.createResolver(writer);
    return [];
  } catch (error) {
    return [`${what}: ${messageOf(error)}`];
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

interface Side {
  readonly schema: AvroSchema;
  readonly resolve: Resolve;
}

function losses(before: Side, after: Side, path: string): readonly string[] {
  const was = before.resolve(before.schema);
  const is = after.resolve(after.schema);
  const inside = (was: AvroSchema, is: AvroSchema, path: string) =>
    losses({ ...before, schema: was }, { ...after, schema: is }, path);

  if (isUnion(was) || isUnion(is)) {
    if (!isUnion(was) || !isUnion(is)) return [`${path}: its type is another`];
    if (was.length !== is.length) return [`${path}: it had ${was.length} branches and has ${is.length}`];
    return was.flatMap((branch, i) => inside(branch, is[i] ?? 'null', path));
  }
  if (was.type === 'record' && is.type === 'record') {
    return was.name === is.name ? fieldLosses(was, is, inside, path) : [`${path}: ${was.name} is now ${is.name}`];
  }
  if (was.type === 'array' && is.type === 'array') return inside(was.items, is.items, `${path}[]`);
  if (was.type === 'enum' && is.type === 'enum') {
    if (was.default !== is.default) return [`${path}: the enum's default is another`];
    return was.symbols.filter((symbol) => !is.symbols.includes(symbol)).map((symbol) => `${path}: ${symbol} is gone`);
  }
  const logical = (node: object) => ('logicalType' in node ? node.logicalType : undefined);
  return was.type === is.type && logical(was) === logical(is) ? [] : [`${path}: its type is another`];
}

function fieldLosses(
  was: AvroRecord,
  is: AvroRecord,
  inside: (was: AvroSchema, is: AvroSchema, path: string) => readonly string[],
  path: string,
): readonly string[] {
  const before = new Map(was.fields.map((field) => [field.name, field]));
  const kept = is.fields.flatMap((field) => {
    const old = before.get(field.name);
    before.delete(field.name);
    if (!old) return addition(field, `${path}.${field.name}`);
    const defaults = JSON.stringify(old.default) === JSON.stringify(field.default);
    return [
      ...(defaults ? [] : [`${path}.${field.name}: its default is another`]),
      ...inside(old.type, field.type, `${path}.${field.name}`),
    ];
  });
  return [...kept, ...[...before.keys()].map((name) => `${path}.${name}: it is gone`)];
}

function addition(field: AvroField, path: string): readonly string[] {
  return field.default === undefined ? [`${path}: it is new and has no default`] : [];
}
