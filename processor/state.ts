import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Codec } from '../schemas/codec.ts';
import { builtInConfiguration, type Configuration, readConfiguration } from './configuration.ts';
import { newScene, type Scene } from './device-step.ts';
import { type Held, isRedriven, type Line } from './line-up.ts';
import { type Episode, episodeDueMs } from './motion-episode.ts';
import { packTracks, unpackTracks } from './pack-tracks.ts';
import { noPlaces, type Places, placesDueMs } from './places.ts';
import { readInput } from './read-input.ts';
import { heldDueMs } from './reorder.ts';
import {
  type StoredSeen,
  type StoredState,
  storedHeld,
  storedOlderState,
  storedPlaces,
  storedSeen,
  storedState,
  storedVisits,
} from './stored-state.ts';
import type { Silence } from './ticks.ts';
import { type Visits, visitsDueMs } from './visits.ts';

/** All that a lane knows of a device. */
export interface DeviceState {
  readonly line: Line;
  readonly scene: Scene;
}

/** A device's state as bytes, for the changelog. A new form gets a new version, and still reads the older ones. */
export const STATE_VERSION = 5;

/** The first two forms, in JSON; the first had no configuration: there were none. */
interface OlderState {
  readonly configuration?: { readonly version: number; readonly settings_json: string };
  readonly seen: readonly { readonly epoch: number; readonly highest: number; readonly bits: string }[];
  readonly newestAtMs: number | null;
  readonly episode: StoredEpisode | null;
}

/** Before a tick could tell that motion is over, neither was kept. */
type StoredEpisode = Omit<Episode, 'timeQuality' | 'over'> & Partial<Episode>;

export function packState({ line, scene }: DeviceState): Buffer {
  const { configuration, seen, waiting } = line;
  const { episode, tracks, visits, places, entered, classes, ...same } = scene;
  return storedState.toBuffer({
    version: configuration.version,
    settings: packedSettings(configuration),
    seen: seen.map((window) => ({ ...window, bits: Buffer.from(window.bits) })),
    newestArrivedMs: waiting.newestAtMs,
    last: waiting.last,
    held: packHeld(waiting.held),
    scene: {
      ...same,
      episode: episode && JSON.stringify(episode),
      tracks: packTracks(tracks),
      visits: packVisits(visits),
      places: packPlaces(places),
      seen: packSeen({ entered, classes }),
    },
  });
}

export function unpackState(version: number, bytes: Buffer, codec: Pick<Codec, 'decode'>): DeviceState {
  if (version < 1 || version > STATE_VERSION) {
    throw new Error(`a device's state has version ${version}, of which this release (${STATE_VERSION}) knows nothing`);
  }
  if (version < 3) return fromOlder(JSON.parse(bytes.toString()) as OlderState);
  const stored = version < 5 ? fromFourth(version, bytes) : storedState.fromBuffer(bytes);
  const { version: configVersion, settings, seen, newestArrivedMs, last, held, scene } = stored;
  const { episode, tracks, visits, places, seen: told, ...same } = scene;
  return {
    line: {
      configuration: configurationOf({
        version: configVersion,
        settings_json: inflateRawSync(settings).toString(),
      }),
      seen,
      waiting: { newestAtMs: newestArrivedMs, last, held: unpackHeld(held, codec) },
    },
    scene: {
      ...same,
      episode: episodeOf(episode === null ? null : JSON.parse(episode)),
      tracks: unpackTracks(tracks),
      visits: unpackVisits(visits),
      places: unpackPlaces(places),
      ...unpackSeen(told),
    },
  };
}

/** The third form ends where the fourth has the bytes of places: with a zero, it has none of them. */
function fromFourth(version: number, bytes: Buffer): StoredState {
  const whole = version === 3 ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes;
  const older = storedOlderState.fromBuffer(whole);
  const { scene } = older;
  return { ...older, scene: { ...scene, visits: packVisits(scene.visits), seen: Buffer.alloc(0) } };
}

/** What it compared pictures with was of another kind: the next one is looked at as if it were the first ever. */
function fromOlder({ configuration, seen, newestAtMs, episode }: OlderState): DeviceState {
  const windows = seen.map((window) => ({ ...window, bits: Buffer.from(window.bits, 'base64') }));
  const [newest] = windows.toSorted((a, b) => b.epoch - a.epoch);
  const last = newest && newest.epoch > 0 ? { epoch: newest.epoch, seq: newest.highest } : null;
  return {
    line: {
      configuration: configurationOf(configuration),
      seen: windows,
      waiting: { held: [], newestAtMs, last },
    },
    scene: { ...newScene, newestAtMs, episode: episodeOf(episode) },
  };
}

function episodeOf(stored: StoredEpisode | null): Episode | null {
  return stored && { ...stored, timeQuality: stored.timeQuality ?? 'arrival', over: stored.over ?? false };
}

function configurationOf(stored: OlderState['configuration']): Configuration {
  if (!stored || stored.version === builtInConfiguration.version) return builtInConfiguration;
  const configuration = readConfiguration(stored);
  if (!configuration) throw new Error(`the configuration ${stored.version} of a device's state cannot be read`);
  return configuration;
}

function packHeld(held: readonly Held[]): Buffer {
  if (held.length === 0) return Buffer.alloc(0);
  const records = held.map(({ record }) => ({
    ...record,
    offset: Number(record.offset),
    headers: record.headers ?? null,
  }));
  return deflateRawSync(storedHeld.toBuffer(records));
}

/** Each frame is read from its record again. */
function unpackHeld(packed: Buffer, codec: Pick<Codec, 'decode'>): readonly Held[] {
  if (packed.length === 0) return [];
  return storedHeld.fromBuffer(inflateRawSync(packed)).map(({ offset, headers, ...same }) => {
    const record = { ...same, offset: BigInt(offset), ...(headers && { headers }) };
    const input = readInput(record, codec);
    if (input.kind !== 'frame' && input.kind !== 'redrive') {
      throw new Error('what waits in the state of a device is no frame');
    }
    return { frame: input.frame, record, redriven: isRedriven(input, record) };
  });
}

function packVisits(visits: Visits): Buffer {
  return deflateRawSync(storedVisits.toBuffer(visits));
}

function unpackVisits(packed: Buffer): Visits {
  const { visits, framesAtMs, unwantedAtMs } = storedVisits.fromBuffer(inflateRawSync(packed));
  return { visits, framesAtMs, unwantedAtMs };
}

/** Mostly there is nobody. */
function packPlaces(places: Places): Buffer {
  const isEmpty = places.presences.length === 0 && places.crowds.length === 0;
  return isEmpty ? Buffer.alloc(0) : deflateRawSync(storedPlaces.toBuffer(places));
}

function unpackPlaces(packed: Buffer): Places {
  return packed.length === 0 ? noPlaces : storedPlaces.fromBuffer(inflateRawSync(packed));
}

function packSeen(seen: StoredSeen): Buffer {
  const isEmpty = seen.entered.length === 0 && seen.classes.length === 0;
  return isEmpty ? Buffer.alloc(0) : deflateRawSync(storedSeen.toBuffer(seen));
}

function unpackSeen(packed: Buffer): StoredSeen {
  if (packed.length === 0) return { entered: [], classes: [] };
  const { entered, classes } = storedSeen.fromBuffer(inflateRawSync(packed));
  return { entered, classes };
}

const packed = new WeakMap<Configuration, Buffer>();

/** Settings change seldom, and would be the largest part of a state. */
function packedSettings(configuration: Configuration): Buffer {
  const known = packed.get(configuration);
  if (known) return known;
  const settings = deflateRawSync(configuration.json);
  packed.set(configuration, settings);
  return settings;
}

/** No uploads overtake each other by more, and a camera of five frames a second is not silent in between. */
const SILENT_MS = 3_000;

/** After how much silence a tick would settle something for this device; null where nothing is open. */
export function silenceOf({ line, scene }: DeviceState): Silence | null {
  const { absence_ms: absenceGapMs, motion_quiet_ms: quietMs } = line.configuration.settings.thresholds;
  const { framesAtMs } = scene.visits;
  const dues = [
    heldDueMs(line.waiting),
    episodeDueMs(scene.episode, { framesAtMs, quietMs }),
    visitsDueMs(scene.visits, { absenceGapMs }),
    placesDueMs(scene.places, { framesAtMs, absenceGapMs }),
  ].filter((due) => due !== null);
  const newestAtMs = Math.max(line.waiting.newestAtMs ?? 0, scene.newestAtMs ?? 0);
  return dues.length === 0 ? null : { newestAtMs, afterMs: Math.max(SILENT_MS, Math.min(...dues) + 1 - newestAtMs) };
}
