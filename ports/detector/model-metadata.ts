/**
 * The metadata in an ONNX file (`names`, `imgsz` and so on), which onnxruntime-node does not hand out. The file is a
 * protobuf message; its field 14 holds one entry each, of a key (1) and a value (2), and the rest is passed over.
 */
export function readMetadata(file: Uint8Array): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  for (const { number, bytes } of fields(file)) {
    if (number !== METADATA_PROPS || !bytes) continue;
    const entry = new Map<number, string>();
    for (const part of fields(bytes)) if (part.bytes) entry.set(part.number, new TextDecoder().decode(part.bytes));
    metadata.set(entry.get(1) ?? '', entry.get(2) ?? '');
  }
  return metadata;
}

const METADATA_PROPS = 14;

interface Field {
  readonly number: number;
  /** Null for a number, which nothing here asks for. */
  readonly bytes: Uint8Array | null;
}

function* fields(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; at < message.length; factor *= 128) {
      const byte = message[at] as number;
      at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 2) {
      const length = varint();
      yield { number, bytes: message.subarray(at, at + length) };
      at += length;
    } else if (wire === 0) {
      varint();
      yield { number, bytes: null };
    } else if (wire === 1 || wire === 5) {
      at += wire === 1 ? 8 : 4;
      yield { number, bytes: null };
    } else return;
  }
}
