import avro, { type Type } from 'avsc';
import { type AvroRecord, namesOf, taggedBranches } from './avro.ts';
import { type CheckBody, createBodyCheck } from './check-body.ts';
import { type Released, released } from './registry.ts';
import type { RecordName, RecordTypes } from './types.ts';

/**
 * Records as bytes: a zero, the schema's id in four bytes, and the Avro body, as Confluent's clients write them.
 *
 * A body is read with the schema it was written with and comes out as the current one has it, so a caller sees
 * one type whatever the bytes' age. Where a field is one of several records (`event.payload`, `control.body`),
 * the value carries its record's name as `kind`; in the bytes that is Avro's own union index.
 */
export type Decoded = {
  [Name in RecordName]: { readonly name: Name; readonly value: RecordTypes[Name] };
}[RecordName];

export interface Codec {
  /** All that it reads; of one name the last is the one it writes. */
  readonly schemas: readonly CodecSchema[];
  /**
   * Throws a `TypeError` for a value that is not of its type: that is a fault of the program. A long may be any
   * whole number from -2^52 to below 2^52; what comes from outside is to be held to that before it gets here.
   */
  encode<Name extends RecordName>(name: Name, value: RecordTypes[Name]): Buffer;
  /** Throws `UndecodableRecord` for bytes that are not a record of these schemas: that is bad input. */
  decode(bytes: Buffer): Decoded;
}

export type CodecSchema = Pick<Released, 'id' | 'name' | 'version' | 'schema'>;

export class UndecodableRecord extends Error {
  readonly code: 'not-confluent' | 'unknown-schema' | 'corrupt-body';

  constructor(code: UndecodableRecord['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'UndecodableRecord';
    this.code = code;
  }
}

const headerBytes = 5;

interface Reader {
  readonly name: RecordName;
  readonly checkBody: CheckBody;
  read(body: Buffer): unknown;
}

interface Writer {
  readonly id: number;
  readonly type: Type;
  readonly checkBody: CheckBody;
  readonly taggedFields: readonly string[];
}

/**
 * The last schema of a name is the one written and read with. To use ids that a schema registry gave out, pass
 * the same schemas under those.
 */
export function createCodec(schemas: readonly CodecSchema[]): Codec {
  const newest = new Map(schemas.map(({ name, id }) => [name, id]));
  const types = new Map(schemas.map(({ id, schema }) => [id, compile(schema)]));
  const writers = new Map<RecordName, Writer>();
  for (const { id, name, schema } of schemas) {
    const type = types.get(id);
    if (!type || newest.get(name) !== id) continue;
    writers.set(name, { id, type, checkBody: createBodyCheck(schema), taggedFields: taggedFieldsOf(schema) });
  }
  const readers = new Map<number, Reader>();
  for (const { id, name, schema } of schemas) {
    const type = types.get(id);
    const writer = writers.get(name);
    if (type && writer) readers.set(id, createReader(name, schema, type, writer));
  }

  return {
    schemas,

    encode(name, value) {
      const writer = writers.get(name);
      if (!writer) throw new TypeError(`there is no schema for ${name}`);
      const plain = wrap(value, writer.taggedFields);
      let body: Buffer;
      try {
        body = writer.type.toBuffer(plain);
      } catch (error) {
        throw new TypeError(`not a ${name}: ${firstFault(writer.type, plain)}`, { cause: error });
      }
      try {
        // avsc writes another number than it was given where one is too far below zero.
        writer.checkBody(body, 0);
      } catch (error) {
        throw new TypeError(`not a ${name}: ${messageOf(error)}`, { cause: error });
      }
      const bytes = Buffer.allocUnsafe(headerBytes + body.length);
      bytes[0] = 0;
      bytes.writeInt32BE(writer.id, 1);
      body.copy(bytes, headerBytes);
      return bytes;
    },

    decode(bytes) {
      if (bytes.length < headerBytes || bytes[0] !== 0) {
        throw new UndecodableRecord('not-confluent', 'a record begins with a zero and a schema id of four bytes');
      }
      const id = bytes.readInt32BE(1);
      const reader = readers.get(id);
      if (!reader) throw new UndecodableRecord('unknown-schema', `there is no schema of the id ${id}`);
      try {
        reader.checkBody(bytes, headerBytes);
        return { name: reader.name, value: reader.read(bytes.subarray(headerBytes)) } as Decoded;
      } catch (error) {
        throw new UndecodableRecord('corrupt-body', `no ${reader.name}: ${messageOf(error)}`, error);
      }
    },
  };
}

/** With the ids of ids.json, where no schema registry gives out others. */
export const fixedCodec = createCodec(released);

function createReader(name: RecordName, schema: AvroRecord, written: Type, writer: Writer): Reader {
  const resolver = written === writer.type ? undefined : writer.type.createResolver(written);
  const { type, taggedFields } = writer;
  return {
    name,
    checkBody: createBodyCheck(schema),
    read(body) {
      const value = type.fromBuffer(body, resolver);
      for (const field of taggedFields) value[field] = unwrap(value[field]);
      return value;
    },
  };
}

function compile(schema: AvroRecord): Type {
  // avsc's own record methods (`clone`, `isValid`, …) would make decoded values look like more than data.
  return avro.Type.forSchema(JSON.parse(JSON.stringify(schema)), { omitRecordMethods: true });
}

function taggedFieldsOf(schema: AvroRecord): readonly string[] {
  const resolve = namesOf(schema);
  return schema.fields
    .filter((field) => taggedBranches(resolve(field.type), resolve) !== null)
    .map((field) => field.name);
}

const namespace = 'passerby.';

/** avsc's form of such a union is one key, the branch's full name. */
function wrap(value: object, taggedFields: readonly string[]): object {
  if (taggedFields.length === 0) return value;
  const wrapped: Record<string, unknown> = { ...value };
  for (const field of taggedFields) {
    const branch = wrapped[field];
    if (typeof branch !== 'object' || branch === null || !('kind' in branch)) {
      throw new TypeError(`${field} says no kind`);
    }
    wrapped[field] = { [`${namespace}${String(branch.kind)}`]: branch };
  }
  return wrapped;
}

function unwrap(branch: Record<string, object>): object {
  const [name = ''] = Object.keys(branch);
  return { kind: name.slice(namespace.length), ...branch[name] };
}

function firstFault(type: Type, value: object): string {
  const faults: string[] = [];
  type.isValid(value, {
    errorHook: (path, fault, expected) => {
      faults.push(`${path.join('.')} is ${show(fault)} where ${expected.typeName} is expected`);
    },
  });
  return faults[0] ?? 'it does not fit its schema';
}

function show(value: unknown): string {
  return Buffer.isBuffer(value) ? `${value.length} bytes` : (JSON.stringify(value)?.slice(0, 80) ?? 'undefined');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
