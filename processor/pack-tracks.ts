import { parse as fromId, stringify as toId } from 'uuid';
import type { Gone } from './gallery.ts';
import type { Track, Tracks } from './tracks.ts';
import type { Whereabouts } from './whereabouts.ts';

/**
 * What is remembered of people as bytes, for a device's state: some 130 of them for each track and 100 for whoever has
 * left, since there may be 64 of both. Every number survives as it is, so that a step from a state that was stored
 * yields the same as one from a state that was not.
 */
export function packTracks({ atMs, births, live, gone }: Tracks): Uint8Array {
  const out = createWriter();
  out.number(atMs ?? Number.NaN);
  out.count(births);
  out.count(live.length);
  for (const track of live) {
    out.id(track.trackId);
    out.optional(track.personId, out.id);
    out.number(track.firstSeenAtMs);
    out.number(track.seenAtMs);
    out.count(track.sightings);
    out.bytes(track.scores);
    out.byte(Number(track.hidden));
    for (const member of WHERE) out.float(track.where[member]);
    out.optional(track.appearance, out.bytes);
  }
  out.count(gone.length);
  for (const { personId, seenAtMs, box, appearance } of gone) {
    out.id(personId);
    out.number(seenAtMs);
    for (const member of BOX) out.float(box[member]);
    out.bytes(appearance);
  }
  return out.all();
}

export function unpackTracks(packed: Uint8Array): Tracks {
  const from = createReader(packed);
  const newest = from.number();
  return {
    atMs: Number.isNaN(newest) ? null : newest,
    births: from.count(),
    live: Array.from(
      { length: from.count() },
      (): Track => ({
        trackId: from.id(),
        personId: from.optional(from.id),
        firstSeenAtMs: from.number(),
        seenAtMs: from.number(),
        sightings: from.count(),
        scores: from.bytes(),
        hidden: from.byte() === 1,
        where: floats(WHERE, from.float),
        appearance: from.optional(from.bytes),
      }),
    ),
    gone: Array.from(
      { length: from.count() },
      (): Gone => ({
        personId: from.id(),
        seenAtMs: from.number(),
        box: floats(BOX, from.float),
        appearance: from.bytes(),
      }),
    ),
  };
}

const BOX = ['x', 'y', 'width', 'height'] as const;
const WHERE = [
  ...BOX,
  'speedX',
  'speedY',
  'variance',
  'covariance',
  'speedVariance',
] as const satisfies (keyof Whereabouts)[];

function floats<Member extends string>(members: readonly Member[], next: () => number): Record<Member, number> {
  return Object.fromEntries(members.map((member) => [member, next()])) as Record<Member, number>;
}

/** Three times of what 64 who are there and 64 who have left take. */
const BYTES_MAX = 64 * 1_024;

function createWriter() {
  const all = Buffer.allocUnsafe(BYTES_MAX);
  let at = 0;
  const put = (bytes: Uint8Array) => {
    all.set(bytes, at);
    at += bytes.length;
  };
  const byte = (value: number) => {
    at = all.writeUInt8(value, at);
  };
  return {
    byte,
    count: (value: number) => {
      at = all.writeUInt32LE(value, at);
    },
    number: (value: number) => {
      at = all.writeDoubleLE(value, at);
    },
    float: (value: number) => {
      at = all.writeFloatLE(value, at);
    },
    id: (id: string) => put(fromId(id)),
    bytes: (bytes: Uint8Array) => {
      byte(bytes.length);
      put(bytes);
    },
    optional<Value>(value: Value | null, write: (value: Value) => void) {
      byte(Number(value !== null));
      if (value !== null) write(value);
    },
    all: () => Uint8Array.from(all.subarray(0, at)),
  };
}

function createReader(packed: Uint8Array) {
  const all = Buffer.from(packed.buffer, packed.byteOffset, packed.length);
  let at = 0;
  const next = (bytes: number) => {
    at += bytes;
    return at - bytes;
  };
  const byte = () => all.readUInt8(next(1));
  return {
    byte,
    count: () => all.readUInt32LE(next(4)),
    number: () => all.readDoubleLE(next(8)),
    float: () => all.readFloatLE(next(4)),
    id: () => toId(Uint8Array.from(all.subarray(next(16), at))),
    bytes: () => {
      const length = byte();
      return Uint8Array.from(all.subarray(next(length), at));
    },
    optional: <Value>(read: () => Value) => (byte() === 1 ? read() : null),
  };
}
