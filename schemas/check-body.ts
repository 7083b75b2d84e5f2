import { isUtf8 } from 'node:buffer';
import { type AvroPrimitive, type AvroSchema, isUnion, namesOf, type Resolve } from './avro.ts';

/**
 * Walks an Avro body without building anything, and throws a `RangeError` at the first byte that is not as the
 * schema has it. A decoder believes the lengths it reads: six hostile bytes can ask it for an array of two
 * billion. What has passed here holds as many items as it claims, so it takes memory in proportion to its size.
 */
export type CheckBody = (bytes: Buffer, from: number) => void;

type Check = (cursor: Cursor) => void;

export function createBodyCheck(schema: AvroSchema): CheckBody {
  const check = compile(schema, namesOf(schema));
  return (bytes, from) => {
    const cursor = new Cursor(bytes, from);
    check(cursor);
    if (cursor.left > 0) throw new RangeError(`${cursor.left} bytes are left over`);
  };
}

class Cursor {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  skip(sizeBytes: number): void {
    if (sizeBytes < 0 || sizeBytes > this.left) throw new RangeError(`${sizeBytes} bytes expected at ${this.at}`);
    this.at += sizeBytes;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new RangeError(`a byte expected at ${this.at}`);
    this.at += 1;
    return byte;
  }

  /**
   * A zigzag number from -2^52 to below 2^52: half of the range in which JavaScript's numbers are exact, because
   * zigzag doubles them on the way. No length, count or time of a real record comes near.
   */
  number(bytesMax = 10): number {
    let raw = 0;
    let scale = 1;
    for (let read = 0; read < bytesMax; read += 1) {
      const byte = this.byte();
      raw += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (raw > Number.MAX_SAFE_INTEGER) throw new RangeError(`a number beyond 2^52 before ${this.at}`);
        return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
      }
      scale *= 128;
    }
    throw new RangeError(`a number has not ended at ${this.at}`);
  }

  index(count: number): number {
    const index = this.number();
    if (index < 0 || index >= count) throw new RangeError(`one of ${count} expected before ${this.at}`);
    return index;
  }
}

function compile(schema: AvroSchema, resolve: Resolve): Check {
  const node = resolve(schema);
  if (isUnion(node)) {
    const branches = node.map((branch) => compile(branch, resolve));
    return (cursor) => branches[cursor.index(branches.length)]?.(cursor);
  }
  switch (node.type) {
    case 'record': {
      const fields = node.fields.map((field) => compile(field.type, resolve));
      return (cursor) => {
        for (const field of fields) field(cursor);
      };
    }
    case 'array':
      return checkArray(compile(node.items, resolve));
    case 'enum':
      return (cursor) => void cursor.index(node.symbols.length);
    case 'fixed':
      return (cursor) => cursor.skip(node.size);
    default:
      return checkPrimitive(node);
  }
}

function checkArray(item: Check): Check {
  return (cursor) => {
    for (let count = cursor.number(); count !== 0; count = cursor.number()) {
      // A negative count is followed by the block's size.
      const end = count < 0 ? cursor.number() + cursor.at : null;
      const items = Math.abs(count);
      if (items > cursor.left) throw new RangeError(`${items} items expected at ${cursor.at}`);
      for (let i = 0; i < items; i += 1) item(cursor);
      if (end !== null && end !== cursor.at) throw new RangeError(`a block ends at ${cursor.at}, not at ${end}`);
    }
  };
}

function checkPrimitive({ type }: AvroPrimitive): Check {
  switch (type) {
    case 'null':
      return () => {};
    case 'boolean':
      return (cursor) => {
        if (cursor.byte() > 1) throw new RangeError(`true or false expected before ${cursor.at}`);
      };
    case 'int':
      return (cursor) => {
        const value = cursor.number(5);
        if (value !== (value | 0)) throw new RangeError(`an int of 32 bits expected before ${cursor.at}`);
      };
    case 'long':
      return (cursor) => void cursor.number();
    case 'float':
      return (cursor) => cursor.skip(4);
    case 'double':
      return (cursor) => cursor.skip(8);
    case 'bytes':
      return (cursor) => cursor.skip(cursor.number());
    case 'string':
      return (cursor) => {
        const sizeBytes = cursor.number();
        const from = cursor.at;
        cursor.skip(sizeBytes);
        if (!isUtf8(cursor.bytes.subarray(from, cursor.at))) throw new RangeError(`no UTF-8 at ${from}`);
      };
    default:
      throw new Error(`${type} is not a type these schemas use`);
  }
}
