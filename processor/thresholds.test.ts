import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { builtInSettings, type DeviceSettings, deviceSettings } from '../schemas/device-settings.ts';
import type { Event } from '../schemas/types.ts';
import { readConfiguration } from './configuration.ts';
import { events, type Input, inputOf, observations, run, times } from './device-runs-under-test.ts';
import type { StepOutput } from './device-step.ts';
import { firstAtMs, lookOf, type Place } from './frames-under-test.ts';
import { looksOf } from './people-under-test.ts';

/**
 * What each threshold changes: the same frames, seen with what is usual and with something else. A threshold without an
 * experiment does not compile, and one that is not in the table of docs/zones.md fails.
 */
type Threshold = keyof DeviceSettings['thresholds'];

interface Experiment {
  readonly shown: readonly Input[];
  /** Beside the threshold. */
  readonly given?: object;
  readonly other: number;
  readonly asked: (outputs: readonly StepOutput[]) => unknown;
  readonly usually: unknown;
  readonly otherwise: unknown;
}

const seconds = (from: number, to: number, stepMs = 200) =>
  times({ fromMs: from * 1_000, toMs: to * 1_000, stepMs }).map((atMs) => atMs);

/** Somebody stands where it says; of people nobody asks how the picture is. */
interface Standing {
  readonly who?: string;
  readonly x?: number;
  readonly confidence?: number;
}

const always = { thresholds: { look_every_ms: 0 } };
const door = {
  zones: [
    {
      id: 'door',
      points: [
        [0, 0],
        [0.5, 0],
        [0.5, 1],
        [0, 1],
      ].map(([x, y]) => ({ x, y })),
    },
  ],
  lines: [
    {
      id: 'gate',
      points: [
        [0.5, 0],
        [0.5, 1],
      ].map(([x, y]) => ({ x, y })),
    },
  ],
  ...always,
};

function people(atTimes: readonly number[], standing: (atMs: number) => readonly Standing[]): readonly Input[] {
  return atTimes.map((atMs, seq) => {
    const { prepared, found } = lookOf(0);
    const objects = standing(atMs).map(({ who = 'A', x = 0.2, confidence = 0.8 }) => ({
      className: 'person',
      confidence,
      box: { x: x - 0.05, y: 0.2, width: 0.1, height: 0.4 },
      appearance: looksOf(who),
    }));
    return inputOf(seq, atMs, { prepared, found: { ...found, objects } });
  });
}

function places(atTimes: readonly number[], placeAt: (atMs: number) => Place): readonly Input[] {
  return atTimes.map((atMs, seq) => inputOf(seq, atMs, lookOf(placeAt(atMs))));
}

const somebody: readonly Standing[] = [{}];
const told = (type: Event['type']) => (outputs: readonly StepOutput[]) =>
  new Set(events(outputs).flatMap((event) => (event.type === type ? event.event_id : []))).size;
const atSecond = (type: Event['type']) => (outputs: readonly StepOutput[]) =>
  events(outputs).flatMap((event) => (event.type === type ? (event.occurred_at - firstAtMs) / 1_000 : []));
const looks = (outputs: readonly StepOutput[]) =>
  observations(outputs).filter(({ outcome }) => outcome === 'analysed').length;

const experiments: Readonly<Record<Threshold, Experiment>> = {
  motion_cell_change: {
    // The square is brighter than the rest by 140.
    shown: places(seconds(0, 10), (atMs) => (atMs > 4_000 && atMs < 6_000 ? 1 : 0)),
    other: 150,
    asked: told('motion'),
    usually: 1,
    otherwise: 0,
  },
  motion_score: {
    // It leaves four of 48 cells and comes to four others.
    shown: places(seconds(0, 10), (atMs) => (atMs > 4_000 && atMs < 6_000 ? 1 : 0)),
    other: 0.2,
    asked: told('motion'),
    usually: 1,
    otherwise: 0,
  },
  motion_quiet_ms: {
    shown: places(seconds(0, 20), (atMs) => ([4, 8].includes(Math.floor(atMs / 1_000)) ? 1 : 0)),
    other: 5_000,
    asked: told('motion'),
    usually: 2,
    otherwise: 1,
  },
  motion_absorb_ms: {
    // Put there after five seconds, and left there.
    shown: places(seconds(0, 100, 1_000), (atMs) => (atMs >= 5_000 ? 1 : 0)),
    given: { thresholds: { look_every_ms: 3_600_000 } },
    other: 10_000,
    asked: (outputs) => looks(outputs) < 30,
    usually: false,
    otherwise: true,
  },
  look_every_ms: {
    shown: places(seconds(0, 60, 1_000), () => 0),
    other: 5_000,
    asked: looks,
    usually: 3,
    otherwise: 13,
  },
  absence_ms: {
    shown: people(seconds(0, 60), (atMs) => (atMs < 5_000 || atMs > 20_000 ? somebody : [])),
    given: always,
    other: 20_000,
    asked: told('visit'),
    usually: 2,
    otherwise: 1,
  },
  return_ms: {
    shown: people(seconds(0, 60), (atMs) => (atMs < 5_000 || atMs > 40_000 ? somebody : [])),
    given: always,
    other: 10_000,
    asked: (outputs) =>
      new Set(events(outputs).flatMap(({ payload }) => (payload.kind === 'Visit' ? payload.person_id : []))).size,
    usually: 1,
    otherwise: 2,
  },
  visit_update_ms: {
    shown: people(seconds(0, 130), () => somebody),
    given: always,
    other: 10_000,
    asked: (outputs) => events(outputs).filter(({ type }) => type === 'visit').length,
    // Opened, told again, and closed.
    usually: 1 + 2 + 1,
    otherwise: 1 + 12 + 1,
  },
  detection_confidence: {
    shown: people(seconds(0, 5), () => [{ confidence: 0.5 }]),
    given: always,
    other: 0.6,
    asked: told('visit'),
    usually: 1,
    otherwise: 0,
  },
  detection_cooldown_ms: {
    shown: people(seconds(0, 130, 1_000), (atMs) => (atMs < 5_000 || atMs > 100_000 ? somebody : [])),
    given: { thresholds: { look_every_ms: 0 }, events: { detection: true } },
    other: 60_000,
    asked: atSecond('detection'),
    usually: [0],
    otherwise: [0, 101],
  },
  zone_inertia_ms: {
    // Out of the door again after half a second.
    shown: people(seconds(0, 10), (atMs) => [{ x: atMs >= 4_000 && atMs < 4_500 ? 0.48 : 0.52 }]),
    given: door,
    other: 400,
    asked: told('zone_entered'),
    usually: 0,
    otherwise: 1,
  },
  u_turn_ms: {
    shown: people(seconds(0, 10), (atMs) => [{ x: atMs >= 4_000 && atMs < 6_000 ? 0.48 : 0.52 }]),
    given: door,
    other: 3_000,
    asked: atSecond('line_crossed'),
    usually: [4, 6],
    otherwise: [],
  },
  loitering_ms: {
    shown: people(seconds(0, 330, 1_000), () => somebody),
    given: door,
    other: 60_000,
    asked: atSecond('loitering'),
    usually: [300],
    otherwise: [60],
  },
  crowd_people: {
    shown: people(seconds(0, 20), () => [{ x: 0.2 }, { x: 0.5, who: 'B' }, { x: 0.8, who: 'C' }]),
    given: always,
    other: 3,
    asked: told('crowd'),
    usually: 0,
    otherwise: 1,
  },
  crowd_ms: {
    shown: people(seconds(0, 20), (atMs) =>
      atMs < 5_000 ? [{ x: 0.2 }, { x: 0.5, who: 'B' }, { x: 0.8, who: 'C' }] : somebody,
    ),
    given: { thresholds: { look_every_ms: 0, crowd_people: 3 } },
    other: 3_000,
    asked: told('crowd'),
    usually: 0,
    otherwise: 1,
  },
};

describe('a threshold', () => {
  test.each(Object.entries(experiments))('%s changes what its table says', (name, experiment) => {
    const { shown, asked, given = {}, other, usually, otherwise } = experiment;
    const seenWith = (value?: number) => {
      const thresholds = { ...('thresholds' in given && (given.thresholds as object)) };
      const settings = { ...given, thresholds: { ...thresholds, ...(value !== undefined && { [name]: value }) } };
      const configuration = readConfiguration({ version: 1, settings_json: JSON.stringify(settings) });
      if (!configuration) throw new Error('no configuration');
      return asked(run([configuration, ...shown]));
    };
    expect(seenWith()).toEqual(usually);
    expect(seenWith(other)).toEqual(otherwise);
  });

  test('of a zone goes before the one of the device', () => {
    const [zone] = door.zones;
    const settings = { ...door, zones: [{ ...zone, loitering_ms: 60_000, crowd_people: 1 }] };
    const configuration = readConfiguration({ version: 1, settings_json: JSON.stringify(settings) });
    const outputs = run([...(configuration ? [configuration] : []), ...experiments.loitering_ms.shown]);
    expect([atSecond('loitering')(outputs), told('crowd')(outputs)]).toEqual([[60], 1]);
  });
});

test('the table of docs/zones.md has every threshold, with what is usual', () => {
  const text = readFileSync(new URL('../docs/zones.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` \| ([\d.]+) \| (.+) \|$/gm)].map(([, name, usual]) => [
    name,
    Number(usual),
  ]);
  expect(Object.fromEntries(rows)).toEqual(builtInSettings.thresholds);
  expect(rows.map(([name]) => name)).toEqual(Object.keys(deviceSettings.properties.thresholds.properties));
});
