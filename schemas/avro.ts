/**
 * The part of Avro's schema language that the files here use, as types.
 *
 * Maps, aliases and recursion are left out: none is needed, and every tool here would have to know them.
 */

const primitives = ['null', 'boolean', 'int', 'long', 'double', 'float', 'string', 'bytes'] as const;
export type Primitive = (typeof primitives)[number];

export interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly doc?: string;
  readonly default?: unknown;
}

export interface AvroRecord {
  readonly type: 'record';
  readonly name: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly fields: readonly AvroField[];
}

export interface AvroEnum {
  readonly type: 'enum';
  readonly name: string;
  readonly symbols: readonly string[];
  readonly default?: string;
  readonly doc?: string;
}

export interface AvroFixed {
  readonly type: 'fixed';
  readonly name: string;
  readonly size: number;
}

export interface AvroArray {
  readonly type: 'array';
  readonly items: AvroSchema;
}

export interface AvroPrimitive {
  readonly type: Primitive;
  readonly logicalType?: string;
}

export type AvroNamed = AvroRecord | AvroEnum | AvroFixed;
/** With every name followed and every primitive spelled out. */
export type AvroNode = AvroNamed | AvroArray | AvroPrimitive | readonly AvroSchema[];
/** As written in a file, where a name may stand for what was defined above it. */
export type AvroSchema = string | AvroNode;

export const isUnion = (node: AvroNode): node is readonly AvroSchema[] => Array.isArray(node);

/** Follows a name to what it stands for within one schema. */
export type Resolve = (schema: AvroSchema) => AvroNode;

export function namesOf(schema: AvroSchema): Resolve {
  const named = new Map<string, AvroNamed>();
  const collect = (node: AvroSchema): void => {
    if (typeof node === 'string') return;
    if (isUnion(node)) {
      for (const branch of node) collect(branch);
      return;
    }
    if ('name' in node) named.set(node.name, node);
    if (node.type === 'record') for (const field of node.fields) collect(field.type);
    if (node.type === 'array') collect(node.items);
  };
  collect(schema);
  return (node) => {
    if (typeof node !== 'string') return node;
    const primitive = primitives.find((name) => name === node);
    if (primitive) return { type: primitive };
    const found = named.get(node);
    if (!found) throw new Error(`no type has the name ${node}`);
    return found;
  };
}

/** The records of a union of several, which code tells apart by `kind`; null for any other type. */
export function taggedBranches(node: AvroNode, resolve: Resolve): readonly AvroRecord[] | null {
  if (!isUnion(node) || node.length < 3) return null;
  return node.map((branch) => {
    const record = resolve(branch);
    if (isUnion(record) || record.type !== 'record') {
      throw new Error('a union is a type or null, or of records only');
    }
    return record;
  });
}
