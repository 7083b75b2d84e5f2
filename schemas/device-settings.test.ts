import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAjv, placeFaults, pointerTo } from '../http/validation.ts';
import { builtInSettings, deviceSettings, settingsFrom } from './device-settings.ts';

const validate = createAjv({}).compile(deviceSettings);

/** As they are given: what is left out gets its default, and all that is wrong is named. */
function given(settings: unknown): { readonly settings: unknown; readonly faults: readonly string[] } {
  const copy = structuredClone(settings);
  const faults = validate(copy) ? [] : placeFaults(validate.errors ?? []);
  return { settings: copy, faults: faults.map(({ path, detail }) => `${pointerTo(path)} ${detail}`) };
}

const triangle = [
  { x: 0, y: 0 },
  { x: 1, y: 0 },
  { x: 0.5, y: 1 },
];

test('nothing said is the built-in configuration, to those who check and to those who read', () => {
  expect(given({})).toEqual({ settings: builtInSettings, faults: [] });
  expect(settingsFrom({})).toEqual(builtInSettings);
  expect(given(builtInSettings)).toEqual({ settings: builtInSettings, faults: [] });
  // What stood in the code before there were settings.
  expect(builtInSettings.thresholds).toMatchObject({
    motion_cell_change: 14,
    motion_score: 0.004,
    motion_quiet_ms: 2_000,
  });
});

test('zones and lines need a place and a name that is theirs', () => {
  const [from, to] = triangle;
  const settings = { zones: [{ id: 'door', points: triangle }], lines: [{ id: 'door', points: [from, to] }] };
  expect(given(settings)).toMatchObject({
    faults: [],
    settings: {
      zones: [{ id: 'door', name: '', kind: 'area', points: triangle }],
      lines: [{ id: 'door', name: '', points: [from, to], directions: { to_left: 'out', to_right: 'in' } }],
    },
  });
});

test('all that is wrong is named at once', () => {
  const { faults } = given({
    torch: true,
    device: { jpeg_quality: 0, frame_size: 'HUGE', capture_mode: 'film', paused: 'no', firmware: { version: '' } },
    zones: [
      { id: 'a', points: triangle.slice(1) },
      { id: 'a', points: [...triangle, triangle[0]] },
      { id: 'b', points: [...triangle.slice(1), { x: 1.1, y: -1, z: 0 }], kind: 'moon', name: 'two\nlines' },
    ],
    lines: [{ id: 'a', points: triangle }],
    thresholds: { motion_score: 2, noise: 1 },
    events: { motion: 1, dance: true },
    burst_on_motion_s: 601,
  });
  expect(faults.map((fault) => fault.split(' ')[0]).sort()).toEqual([
    '#/burst_on_motion_s',
    '#/device/capture_mode',
    '#/device/firmware',
    '#/device/firmware/version',
    '#/device/frame_size',
    '#/device/jpeg_quality',
    '#/device/paused',
    '#/events/dance',
    '#/events/motion',
    '#/lines/0/points',
    '#/thresholds/motion_score',
    '#/thresholds/noise',
    '#/torch',
    '#/zones/0/points',
    '#/zones/1/id',
    '#/zones/1/points/3',
    '#/zones/2/kind',
    '#/zones/2/name',
    '#/zones/2/points/2/x',
    '#/zones/2/points/2/y',
    '#/zones/2/points/2/z',
  ]);
});

test('there is an end to zones, lines and points', () => {
  const zones = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `z${at}`, points: triangle }));
  const lines = (count: number) => zones(count).map(({ id }) => ({ id, points: triangle.slice(1) }));
  const points = (count: number) => Array.from({ length: count }, (_, at) => ({ x: at / 100, y: 0 }));
  expect(given({ zones: zones(16), lines: lines(16) }).faults).toEqual([]);
  expect(given({ zones: [{ id: 'z', points: points(24) }] }).faults).toEqual([]);
  expect(given({ zones: zones(17), lines: lines(17) }).faults).toHaveLength(2);
  expect(given({ zones: [{ id: 'z', points: points(25) }] }).faults).toHaveLength(1);
});

test.each(['VGA', 'QQVGA', 'P_HD', '96X96', '640x480', '4056x3040'])('%s is a size', (frame_size) => {
  expect(given({ device: { frame_size } }).faults).toEqual([]);
});

test.each(['', 'vga', '640X480', '0x480', '640x', '640x48000'])('%j is none', (frame_size) => {
  expect(given({ device: { frame_size } }).faults).toHaveLength(1);
});

test('what was stored is understood, whatever it is; what this release would take is taken as it is', () => {
  const stored = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        device: fc.oneof(fc.jsonValue(), fc.record({ paused: fc.boolean(), burst_fps: fc.jsonValue() })),
        zones: fc.oneof(fc.jsonValue(), fc.array(fc.record({ id: fc.string(), points: fc.jsonValue() }))),
        events: fc.oneof(fc.jsonValue(), fc.record({ motion: fc.jsonValue(), dance: fc.boolean() })),
        burst_on_motion_s: fc.oneof(fc.integer(), fc.jsonValue()),
        later: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(stored, (value) => {
      const settings = settingsFrom(value);
      // Ids that are there twice are for those who give settings; here each zone stands for itself.
      const faults = given(settings).faults.filter((fault) => !fault.endsWith('is there twice'));
      expect(faults).toEqual([]);
      const strict = given(value);
      if (strict.faults.length === 0) expect(settings).toEqual(strict.settings);
    }),
    { numRuns: 300 },
  );
});

test('of what a newer release stored, only what is not understood is as if it had not been said', () => {
  const square = { id: 'square', points: triangle, kind: 'volcano', colour: 'red' };
  const circle = { id: 'circle', centre: { x: 0.5, y: 0.5 }, radius: 1 };
  const bent = { id: 'bent', points: [...triangle, { lat: 1, lon: 2 }] };
  const settings = settingsFrom({
    device: { paused: true, burst_fps: 'fast', lamp: 'on' },
    zones: [square, circle, bent, 7],
    thresholds: { motion_score: 0.2 },
    events: { motion: false, dance: false },
  });
  expect(settings).toEqual({
    ...builtInSettings,
    device: { ...builtInSettings.device, paused: true },
    zones: [{ id: 'square', name: '', kind: 'area', points: triangle }],
    thresholds: { ...builtInSettings.thresholds, motion_score: 0.2 },
    events: { ...builtInSettings.events, motion: false },
  });
});
