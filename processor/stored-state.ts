import avro from 'avsc';
import { parse as fromId, stringify as toId } from 'uuid';
import type { Scene } from './device-step.ts';
import type { Places } from './places.ts';
import type { SeenSeqs } from './seen-seqs.ts';
import type { Visits } from './visits.ts';

/** A device's state as state.ts stores it, in Avro for its size: it is written with each batch, and must stay small. */
export interface StoredState {
  /** Of the configuration. */
  readonly version: number;
  /** Its JSON, deflated. */
  readonly settings: Buffer;
  readonly seen: SeenSeqs;
  readonly newestArrivedMs: number | null;
  readonly last: { readonly epoch: number; readonly seq: number } | null;
  /** What `storedHeld` makes of them, deflated: such records are much alike. */
  readonly held: Buffer;
  readonly scene: Omit<Scene, 'episode' | 'tracks' | 'visits' | 'places' | keyof StoredSeen> & {
    /** As JSON: there is one at most. */
    readonly episode: string | null;
    readonly tracks: Uint8Array;
    /** What `storedVisits` makes of them, deflated, as all that names its model again and again. */
    readonly visits: Buffer;
    /** What `storedPlaces` makes of them, deflated: names of zones and lines come again and again. */
    readonly places: Buffer;
    /** What `storedSeen` makes of it, deflated. */
    readonly seen: Buffer;
  };
}

/** The third form and the fourth: with visits as they are, and nothing of `seen`. The third had no places either. */
export type OlderStored = Omit<StoredState, 'scene'> & {
  readonly scene: Omit<StoredState['scene'], 'visits' | 'seen'> & Pick<Scene, 'visits'>;
};

/** Of what is seen, that which was told as such. */
export type StoredSeen = Pick<Scene, 'entered' | 'classes'>;

export interface StoredHeld {
  readonly offset: number;
  readonly appendedAtMs: number;
  readonly key: string;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>> | null;
}

/** Sixteen bytes instead of thirty-six. */
class Id extends avro.types.LogicalType {
  override _fromValue(bytes: Uint8Array): string {
    return toId(bytes);
  }
  override _toValue(id: string): Buffer {
    return Buffer.from(fromId(id));
  }
}

/** Any bytes: avsc takes no Uint8Array for them, and gives a Buffer, of which `slice` is no copy. */
class Bytes extends avro.types.LogicalType {
  override _fromValue(bytes: Buffer): Uint8Array {
    return new Uint8Array(bytes);
  }
  override _toValue(bytes: Uint8Array): Buffer {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

const record = (name: string, fields: Readonly<Record<string, unknown>>) => ({
  type: 'record',
  name,
  fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
});
const list = (items: unknown) => ({ type: 'array', items });
const orNull = (type: unknown) => ['null', type];
const bytes = { type: 'bytes', logicalType: 'plain' };

const box = record('Box', { x: 'double', y: 'double', width: 'double', height: 'double' });
const timeQuality = { type: 'enum', name: 'TimeQuality', symbols: ['ntp', 'uptime', 'device', 'arrival'] };
const id = { type: 'fixed', name: 'Id', size: 16, logicalType: 'id' };
const sight = record('Sight', { frameId: 'Id', frameSeq: 'long', confidence: 'double', box, model: 'string' });
const visit = record('Visit', {
  personId: id,
  trackId: 'Id',
  openedAtMs: 'long',
  timeQuality,
  unseenBeforeMs: orNull('long'),
  lastSeenAtMs: 'long',
  unseenSinceMs: orNull('long'),
  sightings: 'long',
  best: sight,
  over: 'boolean',
  version: 'long',
  toldAtMs: 'long',
});
const background = record('Background', {
  atMs: 'long',
  frames: 'long',
  picture: bytes,
  expected: bytes,
  unrest: bytes,
  still: bytes,
});

const visits = record('Visits', { visits: list(visit), framesAtMs: list('long'), unwantedAtMs: orNull('long') });

const stateWith = (more: Readonly<Record<string, unknown>>) =>
  record('State', {
    version: 'long',
    settings: 'bytes',
    seen: list(record('EpochSeqs', { epoch: 'long', highest: 'long', bits: bytes })),
    newestArrivedMs: orNull('long'),
    last: orNull(record('FrameNumber', { epoch: 'long', seq: 'long' })),
    held: 'bytes',
    scene: record('Scene', {
      newestAtMs: orNull('long'),
      background: orNull(background),
      gate: record('Gate', { presentAtMs: orNull('long'), lookedAtMs: orNull('long') }),
      episode: orNull('string'),
      tracks: bytes,
      ...more,
    }),
  });
const state = stateWith({ visits: 'bytes', places: 'bytes', seen: 'bytes' });
const olderState = stateWith({ visits, places: 'bytes' });

const seen = record('Seen', {
  entered: list(
    record('Entered', {
      trackId: id,
      personId: 'Id',
      last: record('LastSight', {
        atMs: 'long',
        timeQuality,
        frameId: 'Id',
        frameSeq: 'long',
        confidence: 'double',
        box,
        model: 'string',
      }),
    }),
  ),
  classes: list(record('SeenClass', { className: 'string', seenAtMs: 'long' })),
});

const held = list(
  record('Held', {
    offset: 'long',
    appendedAtMs: 'long',
    key: 'string',
    value: orNull('bytes'),
    headers: orNull({ type: 'map', values: 'string' }),
  }),
);

const even = { x: 'float', y: 'float', width: 'float', height: 'float' };
const placeSight = record('PlaceSight', { frameId: 'Id', frameSeq: 'long', box: record('EvenBox', even) });
const stay = record('Stay', {
  zoneId: 'string',
  entry: 'PlaceSight',
  enteredAtMs: 'long',
  isInside: 'boolean',
  outSinceMs: orNull('long'),
  loitered: 'boolean',
  version: 'long',
  over: 'boolean',
});
const presence = record('Presence', {
  personId: id,
  lastSeenAtMs: 'long',
  unseenSinceMs: orNull('long'),
  sight: placeSight,
  timeQuality,
  stays: list(stay),
  crossings: list(
    record('Crossing', {
      lineId: 'string',
      to: { type: 'enum', name: 'Side', symbols: ['left', 'right'] },
      atMs: 'long',
    }),
  ),
});
const crowd = record('Crowd', {
  zoneId: orNull('string'),
  sinceMs: 'long',
  timeQuality: 'TimeQuality',
  lastAtMs: 'long',
  fewerSinceMs: orNull('long'),
  people: 'long',
  frameId: 'Id',
  frameSeq: 'long',
  version: 'long',
  over: 'boolean',
});
const places = record('Places', {
  presences: list(presence),
  crowds: list(crowd),
  model: orNull('string'),
});

interface Stored<Value> {
  toBuffer(value: Value): Buffer;
  fromBuffer(bytes: Buffer): Value;
}

const logicalTypes = { id: Id, plain: Bytes };
const stored = <Value>(schema: unknown) =>
  avro.Type.forSchema(schema as avro.Schema, { logicalTypes }) as unknown as Stored<Value>;
export const storedState = stored<StoredState>(state);
export const storedOlderState = stored<OlderStored>(olderState);
export const storedVisits = stored<Visits>(visits);
export const storedPlaces = stored<Places>(places);
export const storedSeen = stored<StoredSeen>(seen);
export const storedHeld = stored<readonly StoredHeld[]>(held);
