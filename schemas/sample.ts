import {
  type AvroField,
  type AvroNode,
  type AvroRecord,
  type AvroSchema,
  isUnion,
  namesOf,
  taggedBranches,
} from './avro.ts';
import { derivedId } from './identity.ts';

/**
 * Values of a schema to write golden bytes from: the same every time, one for every branch of its largest union
 * and one in which all that may be absent is. Every other value differs from its default, so that a field which
 * a change has lost cannot pass for one that was never set.
 */
export function samplesOf(schema: AvroRecord): readonly Record<string, unknown>[] {
  const resolve = namesOf(schema);
  const unions = schema.fields.map((field) => taggedBranches(resolve(field.type), resolve)?.length ?? 1);
  const full = Array.from({ length: Math.max(...unions) }, (_, variant) => variant);
  return [
    ...full.map((variant) => sampleRecord(schema, { variant, bare: false })),
    sampleRecord(schema, { variant: 0, bare: true }),
  ];
}

interface Choice {
  /** Which branch of a union of records, and which symbol of an enum, to take. */
  readonly variant: number;
  readonly bare: boolean;
}

function sampleRecord(schema: AvroRecord, choice: Choice): Record<string, unknown> {
  const resolve = namesOf(schema);
  let count = choice.variant * 100;

  const recordOf = (record: AvroRecord): Record<string, unknown> =>
    Object.fromEntries(record.fields.map((field) => [field.name, sampleOf(field.type, field)]));

  const sampleOf = (type: AvroSchema, field: AvroField): unknown => {
    const node = resolve(type);
    if (isUnion(node)) return unionValue(node, field);
    count += 1;
    switch (node.type) {
      case 'record':
        return recordOf(node);
      case 'array': {
        const items = [sampleOf(node.items, field), sampleOf(node.items, field)];
        return choice.bare ? [] : items;
      }
      case 'enum':
        return node.symbols[(choice.variant + count) % node.symbols.length];
      case 'fixed':
        return Buffer.alloc(node.size, count);
      default:
        return primitive(node, field, count);
    }
  };

  const unionValue = (node: readonly AvroSchema[], field: AvroField): unknown => {
    const branches = taggedBranches(node, resolve);
    if (branches) {
      const branch = branches[choice.variant % branches.length];
      return branch && { kind: branch.name, ...recordOf(branch) };
    }
    const value = sampleOf(node[1] ?? 'null', field);
    return choice.bare ? null : value;
  };

  return recordOf(schema);
}

function primitive(node: Extract<AvroNode, { type: string }>, field: AvroField, count: number): unknown {
  const logicalType = 'logicalType' in node ? node.logicalType : undefined;
  switch (node.type) {
    case 'null':
      return null;
    case 'boolean':
      return field.default !== true;
    case 'int':
      return 1_000 + count;
    case 'long':
      return logicalType ? 1_790_000_000_000 + count : 2 ** 40 + count;
    case 'float':
    case 'double':
      return count / 1_024;
    case 'bytes':
      return Buffer.from([0, count % 256, 255]);
    default:
      return logicalType === 'uuid' ? derivedId('sample', field.name, count) : `${field.name} ${count} \u{1F6B6}`;
  }
}
