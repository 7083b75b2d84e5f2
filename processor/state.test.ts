import { stringify } from 'uuid';
import { describe, expect, test } from 'vitest';
import { createRandom, type Random } from '../dev/simulate/random.ts';
import { createAjv } from '../http/validation.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { deviceSettings } from '../schemas/device-settings.ts';
import { APPEARANCE_BYTES } from './appearance.ts';
import { builtInConfiguration, type Configuration, readConfiguration } from './configuration.ts';
import type { Crowd } from './crowd.ts';
import { newScene } from './device-step.ts';
import { newDevice } from './device-under-test.ts';
import { CLASSES_MAX } from './first-sights.ts';
import { fourthForm, placesBytes } from './fourth-form-under-test.ts';
import { frameOf, recordOf } from './frames-under-test.ts';
import { GONE_MAX } from './gallery.ts';
import type { Held } from './line-up.ts';
import { motionGrid } from './motion.ts';
import type { Episode } from './motion-episode.ts';
import { noPlaces, PRESENCES_MAX, STAYS_MAX } from './places.ts';
import { CROSSINGS_MAX, type Presence } from './presence.ts';
import { HELD_MAX } from './reorder.ts';
import { type DeviceState, packState, STATE_VERSION, unpackState } from './state.ts';
import type { Stay } from './stay.ts';
import { LIVE_MAX } from './track.ts';
import type { Track } from './tracks.ts';
import type { Visit } from './visit.ts';
import { LASTING_MAX, OVER_MAX } from './visits.ts';

describe('a stored state', () => {
  test('takes at most 64 KB, with the largest settings that there can be and as much of all else', () => {
    const random = createRandom(1, 'largest state');
    const byte = () => Math.floor(random.between(0, 256));
    const bytes = (length: number) => Uint8Array.from({ length }, byte);
    const id = () => stringify(bytes(16).with(6, 0x45).with(8, 0x85));
    const many = <Item>(length: number, item: (at: number) => Item) => Array.from({ length }, (_, at) => item(at));
    const share = () => Math.fround(random.between(0, 1));
    const box = () => ({ x: share(), y: share(), width: share(), height: share() });
    const { columns, rows } = motionGrid;
    const cells = () => bytes(columns * rows);
    const late = (at: number) => 2 ** 41 + at * 10 ** 9;
    const track = (): Track => ({
      trackId: id(),
      personId: id(),
      firstSeenAtMs: late(1),
      unseenBeforeMs: late(0),
      seenAtMs: late(2),
      sightings: 2 ** 20,
      scores: bytes(15),
      hidden: true,
      where: {
        ...box(),
        speedX: share(),
        speedY: share(),
        variance: share(),
        covariance: share(),
        speedVariance: share(),
      },
      appearance: bytes(APPEARANCE_BYTES),
      firstFoot: { x: share(), y: share() },
    });
    const sight = () => ({ frameId: id(), frameSeq: 2 ** 40, box: box() });
    const configuration = largest(random);
    const { zones, lines } = configuration.settings;
    const stay = (at: number): Stay => ({
      zoneId: zones[at % zones.length]?.id ?? '',
      entry: sight(),
      enteredAtMs: late(1) + at,
      isInside: true,
      outSinceMs: late(2) + at,
      loitered: true,
      version: 2 ** 20,
      over: true,
    });
    const presence = (at: number): Presence => ({
      personId: id(),
      lastSeenAtMs: late(2),
      unseenSinceMs: late(3),
      sight: sight(),
      timeQuality: 'arrival',
      stays: many(at < STAYS_MAX - PRESENCES_MAX ? 2 : 1, (more) => stay(at + more)),
      crossings: lines.slice(0, CROSSINGS_MAX).map((line) => ({ lineId: line.id, to: 'left', atMs: late(2) + at })),
    });
    const crowd = (zoneId: string | null): Crowd => ({
      zoneId,
      sinceMs: late(0),
      timeQuality: 'arrival',
      lastAtMs: late(2),
      fewerSinceMs: late(3),
      people: 64,
      frameId: id(),
      frameSeq: 2 ** 40,
      version: 2 ** 20,
      over: true,
    });
    const visit = (over: boolean): Visit => ({
      personId: id(),
      trackId: id(),
      openedAtMs: late(1),
      timeQuality: 'arrival',
      unseenBeforeMs: late(0),
      lastSeenAtMs: late(2),
      unseenSinceMs: late(3),
      sightings: 2 ** 20,
      best: {
        frameId: id(),
        frameSeq: 2 ** 40,
        confidence: share(),
        box: box(),
        model: 'a-model-of-a-long-name@01234567',
      },
      over,
      version: 2 ** 20,
      toldAtMs: late(2),
    });
    const held = (at: number): Held => {
      const frame = frameOf({
        device: 'd'.repeat(64),
        seq: 2 ** 40 + at,
        atMs: at,
        blobKey: `devices/${'d'.repeat(90)}`,
      });
      const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
      const record = { ...recordOf(frame, headers), offset: BigInt(2 ** 40 + at), appendedAtMs: late(0) };
      return { frame, record, redriven: false };
    };
    const state: DeviceState = {
      line: {
        configuration,
        seen: many(4, (epoch) => ({ epoch, highest: 2 ** 40, bits: bytes(512) })),
        waiting: { held: many(HELD_MAX, held), newestAtMs: late(4), last: { epoch: 9, seq: 2 ** 40 } },
      },
      scene: {
        newestAtMs: late(4),
        background: { atMs: late(4), frames: 10, picture: cells(), expected: cells(), unrest: cells(), still: cells() },
        gate: { presentAtMs: late(4), lookedAtMs: late(4) },
        episode: {
          frameId: id(),
          frameSeq: 2 ** 40,
          startedAtMs: late(0),
          timeQuality: 'arrival',
          lastMovingAtMs: late(4),
          frames: 2 ** 20,
          scoreSum: share(),
          peakScore: share(),
          peakBoxes: many(8, box),
          version: 2,
          over: false,
        },
        tracks: {
          atMs: late(4),
          births: 3,
          live: many(LIVE_MAX, track),
          gone: many(GONE_MAX, () => ({
            personId: id(),
            seenAtMs: late(1),
            box: box(),
            appearance: bytes(APPEARANCE_BYTES),
          })),
        },
        visits: {
          visits: [...many(LASTING_MAX, () => visit(false)), ...many(OVER_MAX, () => visit(true))],
          framesAtMs: many(2, late),
          unwantedAtMs: late(4),
        },
        places: {
          presences: many(PRESENCES_MAX, presence),
          crowds: [crowd(null), ...zones.map((zone) => crowd(zone.id))],
          model: 'a-model-of-a-long-name@01234567',
        },
        entered: many(LIVE_MAX, () => ({
          trackId: id(),
          personId: id(),
          last: {
            atMs: late(2),
            timeQuality: 'arrival' as const,
            frameId: id(),
            frameSeq: 2 ** 40,
            confidence: share(),
            box: box(),
            model: 'a-model-of-a-long-name@01234567',
          },
        })),
        classes: many(CLASSES_MAX, (at) => ({ className: `${'c'.repeat(60)}${at}`, seenAtMs: late(4) - at * 1_001 })),
      },
    };
    const packed = packState(state);
    expect(packed.length).toBeGreaterThan(40_000);
    expect(packed.length).toBeLessThan(64 * 1024);
    const restored = unpackState(STATE_VERSION, packed, fixedCodec);
    // avsc gives bytes as buffers, and records as its own.
    expect(JSON.parse(JSON.stringify(asPlain(restored)))).toEqual(JSON.parse(JSON.stringify(asPlain(state))));
    expect(packState(restored)).toEqual(packed);
  });

  test('of the first form is read as long as that form is read at all', () => {
    const stored = {
      seen: [
        { epoch: 0, highest: 40, bits: Buffer.alloc(512).toString('base64') },
        { epoch: 2, highest: 9, bits: Buffer.alloc(512).fill(2, 1, 2).toString('base64') },
      ],
      newestAtMs: 1_700_000_000_000,
      picture: 'AAEC/w==',
      episode: null,
    };
    expect(unpackState(1, Buffer.from(JSON.stringify(stored)), fixedCodec)).toEqual({
      line: {
        configuration: builtInConfiguration,
        seen: [
          { epoch: 0, highest: 40, bits: Buffer.alloc(512) },
          { epoch: 2, highest: 9, bits: Buffer.alloc(512).fill(2, 1, 2) },
        ],
        waiting: { held: [], newestAtMs: 1_700_000_000_000, last: { epoch: 2, seq: 9 } },
      },
      scene: { ...newScene, newestAtMs: 1_700_000_000_000 },
    });
  });

  test('of the second form has the configuration too, whatever in it is not known to this release', () => {
    const settings = { device: { paused: true, torch: 'on' }, events: { motion: false }, moods: [1] };
    const settings_json = JSON.stringify(settings);
    const stored = {
      configuration: { version: 7, settings_json },
      seen: [],
      newestAtMs: null,
      picture: null,
      episode: null,
    };
    const state = unpackState(2, Buffer.from(JSON.stringify(stored)), fixedCodec);
    expect(state.line.configuration).toMatchObject({
      version: 7,
      settings: { device: { paused: true, jpeg_quality: 80 }, events: { motion: false, visit: true } },
    });
    expect(state.line.configuration.settings).not.toHaveProperty('moods');
    // A later release that reads this one's state finds there what was given.
    expect(unpackState(STATE_VERSION, packState(state), fixedCodec).line.configuration.json).toBe(settings_json);
  });

  test('of before ticks could end motion has no word of it, in whichever form', () => {
    const episode = { frameId: 'f', frameSeq: 1, startedAtMs: 0, lastMovingAtMs: 9, frames: 2, version: 1 };
    const told = { ...episode, scoreSum: 0.5, peakScore: 0.3, peakBoxes: [] };
    const older = { seen: [], newestAtMs: 9, picture: null, episode: told };
    const states = [
      unpackState(1, Buffer.from(JSON.stringify(older)), fixedCodec),
      unpackState(
        STATE_VERSION,
        packState({ ...newDevice, scene: { ...newScene, episode: told as Partial<Episode> as Episode } }),
        fixedCodec,
      ),
    ];
    for (const { scene } of states) expect(scene.episode).toEqual({ ...told, timeQuality: 'arrival', over: false });
  });

  test('of the third form, which had no zones, has nobody in any', () => {
    // What the fourth form has at its end, the bytes of places, the third has not.
    const { line, scene } = unpackState(3, fourthForm.subarray(0, -placesBytes), fixedCodec);
    const fourth = unpackState(4, fourthForm, fixedCodec);
    expect(line).toEqual(fourth.line);
    expect(scene).toEqual({ ...fourth.scene, places: noPlaces });
  });

  test('of the fourth form, from before tracks were told of, is as it was, and of its tracks nothing was told', () => {
    const { line, scene } = unpackState(4, fourthForm, fixedCodec);
    expect(line.configuration).toMatchObject({ version: 1, settings: { zones: [{ id: 'all' }] } });
    expect(scene.tracks.live).toMatchObject([{ sightings: 5, personId: 'abd23351-93ea-5767-926f-e73b631ed233' }]);
    expect(scene.visits.visits).toMatchObject([{ sightings: 5, version: 1 }]);
    expect(scene.places.presences).toMatchObject([{ stays: [{ zoneId: 'all' }] }]);
    expect(scene).toMatchObject({ entered: [], classes: [] });
    expect(unpackState(STATE_VERSION, packState({ line, scene }), fixedCodec)).toEqual({ line, scene });
  });

  test('of a version that is not known is refused', () => {
    const bytes = packState(newDevice);
    expect(() => unpackState(STATE_VERSION + 1, bytes, fixedCodec)).toThrow(`version ${STATE_VERSION + 1}`);
    expect(() => unpackState(0, bytes, fixedCodec)).toThrow('version 0');
    expect(unpackState(STATE_VERSION, bytes, fixedCodec)).toEqual(newDevice);
  });
});

/** Bytes as lists, whatever holds them, and offsets as text. */
function asPlain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(asPlain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, asPlain(one)]));
}

function largest(random: Random): Configuration {
  const share = () => random.between(0, 1);
  const points = (count: number) => Array.from({ length: count }, () => ({ x: share(), y: share() }));
  const id = (at: number) => `${'i'.repeat(30)}${at}`;
  // Ajv counts characters, UTF-8 takes four bytes for each of these, and no two are alike.
  const words = (count: number) =>
    Array.from({ length: count }, () => String.fromCodePoint(0x1f300 + Math.floor(random.between(0, 700)))).join('');
  const sixteen = <Item>(item: (at: number) => Item) => Array.from({ length: 16 }, (_, at) => item(at + 10));
  const settings = {
    device: { firmware: { version: 'v'.repeat(64), url: `http://${'u'.repeat(493)}`, sha256: 'a'.repeat(64) } },
    zones: sixteen((at) => ({
      id: id(at),
      name: words(60),
      kind: 'entrance',
      points: points(24),
      loitering_ms: 80_000_000 + at,
      crowd_people: 900 + at,
    })),
    lines: sixteen((at) => ({
      id: id(at),
      name: words(60),
      points: points(2),
      directions: { to_left: words(30), to_right: words(30) },
    })),
  };
  const validate = createAjv({}).compile(deviceSettings);
  expect(validate(settings), JSON.stringify(validate.errors)).toBe(true);
  const configuration = readConfiguration({ version: 2 ** 31 - 1, settings_json: JSON.stringify(settings) });
  expect(configuration?.settings).toEqual(settings);
  return configuration ?? builtInConfiguration;
}
