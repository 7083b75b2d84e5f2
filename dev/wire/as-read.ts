import { type AvroNode, type AvroSchema, isUnion, namesOf, type Resolve } from '../../schemas/avro.ts';

/** What another reader makes of the parts of a record for which JSON has no form, or Avro more than one. */
export interface Dialect {
  time(ms: number): unknown;
  bytes(bytes: Buffer): unknown;
  /** A record that stands in a union: with `others` it is not the only record there. */
  branch(name: string, record: object, others: boolean): unknown;
}

/** As docs/examples/consume_events.py prints it. */
export const inPython: Dialect = {
  time: (ms) =>
    new Date(ms).toISOString().replace(/(\.\d+)Z$/, (_, part) => `${part === '.000' ? '' : `${part}000`}+00:00`),
  bytes: (bytes) => bytes.toString('hex'),
  branch: (name, record) => [name, record],
};

/** As docs/examples/consume-events.ts prints it. */
export const inTypeScript: Dialect = {
  time: (ms) => ms,
  bytes: (bytes) => bytes.toJSON(),
  branch: (name, record, others) => (others ? { [name]: record } : record),
};

/** A value of ours as another reader tells it. */
export function asRead(value: object, schema: AvroSchema, dialect: Dialect): unknown {
  const resolve = namesOf(schema);
  return told(value, resolve(schema), resolve, dialect);
}

function told(value: unknown, node: AvroNode, resolve: Resolve, dialect: Dialect): unknown {
  const inside = (part: unknown, type: AvroSchema) => told(part, resolve(type), resolve, dialect);
  if (isUnion(node)) {
    if (value === null) return null;
    const kind = (value as { kind?: string }).kind;
    const branches = node.map(resolve).filter((branch) => !isUnion(branch) && branch.type !== 'null');
    const branch = branches.find((one) => kind !== undefined && 'name' in one && one.name === kind) ?? branches[0];
    if (!branch) throw new Error('a union of nothing');
    const part = inside(value, branch);
    if (isUnion(branch) || branch.type !== 'record') return part;
    return dialect.branch(`passerby.${branch.name}`, part as object, branches.length > 1);
  }
  if (node.type === 'record') {
    return Object.fromEntries(
      node.fields.map(({ name, type }) => [name, inside((value as Record<string, unknown>)[name], type)]),
    );
  }
  if (node.type === 'array') return (value as unknown[]).map((item) => inside(item, node.items));
  if (Buffer.isBuffer(value)) return dialect.bytes(value);
  return 'logicalType' in node && node.logicalType === 'timestamp-millis' ? dialect.time(value as number) : value;
}
