import { parse as fromId, stringify as toId } from 'uuid';
import type { Gone } from './gallery.ts';
import type { Tracks } from './tracks.ts';
import type { Whereabouts } from './whereabouts.ts';

/**
 * What is remembered of people as bytes, for a device's state: some 170 of them for each track and 100 for whoever has
 * left, of which there may be LIVE_MAX (track.ts) and GONE_MAX (gallery.ts). Every number survives as it is, so that a
 * step from a state that was stored yields the same as one from a state that was not. A member that came later stands
 * behind all others: a state from before it has none there, and a release from before it does not read so far.
 */
export function packTracks({ atMs, births, live, gone }: Tracks): Uint8Array {
  const out = createWriter();
  out.numberOrNull(atMs);
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
  for (const { unseenBeforeMs } of live) out.numberOrNull(unseenBeforeMs);
  for (const { firstFoot } of live) {
    out.optional(firstFoot, (foot) => {
      for (const member of FOOT) out.float(foot[member]);
    });
  }
  return out.all();
}

export function unpackTracks(packed: Uint8Array): Tracks {
  const from = createReader(packed);
  const atMs = from.numberOrNull();
  const births = from.count();
  const live = Array.from({ length: from.count() }, () => ({
    trackId: from.id(),
    personId: from.optional(from.id),
    firstSeenAtMs: from.number(),
    seenAtMs: from.number(),
    sightings: from.count(),
    scores: from.bytes(),
    hidden: from.byte() === 1,
    where: floats(WHERE, from.float),
    appearance: from.optional(from.bytes),
  }));
  const gone = Array.from(
    { length: from.count() },
    (): Gone => ({
      personId: from.id(),
      seenAtMs: from.number(),
      box: floats(BOX, from.float),
      appearance: from.bytes(),
    }),
  );
  const unseenBeforeMs = live.map(() => (from.isAtEnd() ? null : from.numberOrNull()));
  const firstFoot = live.map(() => (from.isAtEnd() ? null : from.optional(() => floats(FOOT, from.float))));
  return {
    atMs,
    births,
    live: live.map((track, at) => ({
      ...track,
      unseenBeforeMs: unseenBeforeMs[at] ?? null,
      firstFoot: firstFoot[at] ?? null,
    })),
    gone,
  };
}

const FOOT = ['x', 'y'] as const;
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

/** Five times of what is there at the most. */
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
  const number = (value: number) => {
    at = all.writeDoubleLE(value, at);
  };
  return {
    byte,
    count: (value: number) => {
      at = all.writeUInt32LE(value, at);
    },
    number,
    numberOrNull: (value: number | null) => number(value ?? Number.NaN),
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
  const number = () => all.readDoubleLE(next(8));
  return {
    byte,
    count: () => all.readUInt32LE(next(4)),
    number,
    numberOrNull: () => {
      const value = number();
      return Number.isNaN(value) ? null : value;
    },
    float: () => all.readFloatLE(next(4)),
    id: () => toId(Uint8Array.from(all.subarray(next(16), at))),
    bytes: () => {
      const length = byte();
      return Uint8Array.from(all.subarray(next(length), at));
    },
    optional: <Value>(read: () => Value) => (byte() === 1 ? read() : null),
    isAtEnd: () => at === all.length,
  };
}
