/**
 * Pictures and their times, out of Matroska as ffmpeg writes it to a pipe. A bare stream of JPEGs would be simpler to
 * take apart, and says nothing of when each was taken.
 */

export interface TimedPicture {
  /** From the start of the clip. */
  readonly atMs: number;
  readonly jpeg: Buffer;
}

/** What is in these is read like what is beside them; so nothing has to be known of where they end. */
const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;
const BLOCK_GROUP = 0xa0;
const CONTAINERS = new Set([SEGMENT, CLUSTER, BLOCK_GROUP]);

/** In units of a millisecond, since that is how ffmpeg counts where there is video. */
const CLUSTER_TIMESTAMP = 0xe7;
const BLOCK = 0xa1;
const SIMPLE_BLOCK = 0xa3;

/** Takes the stream's bytes in whatever pieces they come; answers the pictures that each piece completes. */
export function createMatroskaReader(): (piece: Buffer) => readonly TimedPicture[] {
  let held = Buffer.alloc(0);
  let clusterMs = 0;

  return (piece) => {
    held = Buffer.concat([held, piece]);
    const pictures: TimedPicture[] = [];
    let at = 0;
    for (let element = readElement(held, at); element; element = readElement(held, at)) {
      const { id, body } = element;
      at = element.nextAt;
      if (id === CLUSTER_TIMESTAMP) clusterMs = readNumber(body);
      if (id === BLOCK || id === SIMPLE_BLOCK) pictures.push(readBlock(body, clusterMs));
    }
    // A copy: a slice would keep alive all that came before it.
    held = Buffer.from(held.subarray(at));
    return pictures;
  };
}

interface Element {
  readonly id: number;
  /** Empty for a container, whose elements come next. */
  readonly body: Buffer;
  readonly nextAt: number;
}

/** Null where it is not all there yet. */
function readElement(bytes: Buffer, at: number): Element | null {
  const idWidth = widthAt(bytes, at);
  const sizeAt = at + idWidth;
  const bodyAt = sizeAt + widthAt(bytes, sizeAt);
  if (bodyAt > bytes.length) return null;
  // An id is written with the bit that tells its width, a size without.
  const id = readNumber(bytes.subarray(at, sizeAt));
  if (CONTAINERS.has(id)) return { id, body: Buffer.alloc(0), nextAt: bodyAt };
  const withoutMarker = 0xff >> (bodyAt - sizeAt);
  const nextAt = bodyAt + readNumber(bytes.subarray(sizeAt, bodyAt), withoutMarker);
  return nextAt > bytes.length ? null : { id, body: bytes.subarray(bodyAt, nextAt), nextAt };
}

/** A number of variable width begins with as many zeros as it has further bytes. Beyond the end it has any width. */
function widthAt(bytes: Buffer, at: number): number {
  return Math.clz32(bytes[at] ?? 0) - 23;
}

/** Of the first byte, the bits in `firstMask`. */
function readNumber(bytes: Buffer, firstMask = 0xff): number {
  return bytes.reduce((value, byte, index) => value * 256 + (index === 0 ? byte & firstMask : byte), 0);
}

function readBlock(block: Buffer, clusterMs: number): TimedPicture {
  const timeAt = widthAt(block, 0);
  const flagsBytes = 1;
  return { atMs: clusterMs + block.readInt16BE(timeAt), jpeg: Buffer.from(block.subarray(timeAt + 2 + flagsBytes)) };
}
