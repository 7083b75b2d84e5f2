import { describe, expect, test } from 'vitest';
import { createAjv } from '../http/validation.ts';
import { deviceSettings } from '../schemas/device-settings.ts';
import { builtInConfiguration, type Configuration, readConfiguration } from './configuration.ts';
import { newDevice, stepWhole } from './device-under-test.ts';
import { frameOf, lookOf } from './frames-under-test.ts';
import { motionGrid } from './motion.ts';
import { packState, STATE_VERSION, unpackState } from './state.ts';

describe('a stored state', () => {
  test('takes at most 64 KB, with the largest settings that there can be', () => {
    const { columns, rows } = motionGrid;
    let [state] = stepWhole(newDevice, largest(), motionGrid);
    expect(packState(state).length).toBeGreaterThan(30_000);
    for (let seq = 0; seq < 10_000; seq += 3) {
      const grey = new Uint8Array(columns * rows).fill(seq % 7, (seq * 13) % 2_000).fill(250, 2_500);
      const { sight, found } = lookOf(0);
      const look = {
        found,
        sight: { ...sight, grey: seq % 2 ? grey : grey.toReversed(), original: { width: 8_000, height: 1_000 } },
      };
      [state] = stepWhole(state, { frame: frameOf({ seq, atMs: seq * 71 }), look }, motionGrid);
    }
    expect(state.scene.episode).not.toBeNull();
    expect(packState(state).length).toBeLessThan(64 * 1024);
  });

  test('of the first form is read as long as that form is read at all', () => {
    const stored = {
      seen: [{ epoch: 2, highest: 9, bits: Buffer.alloc(512).fill(2, 1, 2).toString('base64') }],
      newestAtMs: 1_700_000_000_000,
      picture: 'AAEC/w==',
      episode: null,
    };
    expect(unpackState(1, Buffer.from(JSON.stringify(stored)))).toEqual({
      line: {
        configuration: builtInConfiguration,
        seen: [{ epoch: 2, highest: 9, bits: Buffer.alloc(512).fill(2, 1, 2) }],
      },
      scene: { newestAtMs: 1_700_000_000_000, picture: Buffer.from([0, 1, 2, 255]), episode: null },
    });
  });

  test('of the second form has the configuration too, whatever in it is not known to this release', () => {
    const settings = { device: { paused: true, torch: 'on' }, events: { motion: false }, moods: [1] };
    const stored = {
      configuration: { version: 7, settings_json: JSON.stringify(settings) },
      seen: [],
      newestAtMs: null,
      picture: null,
      episode: null,
    };
    const state = unpackState(2, Buffer.from(JSON.stringify(stored)));
    expect(state.line.configuration).toMatchObject({
      version: 7,
      settings: { device: { paused: true, jpeg_quality: 80 }, events: { motion: false, visit: true } },
    });
    expect(state.line.configuration.settings).not.toHaveProperty('moods');
    // A later release that reads this one's state finds there what was given.
    expect(JSON.parse(packState(state).toString())).toEqual(stored);
  });

  test('of a version that is not known is refused', () => {
    const bytes = packState(newDevice);
    expect(() => unpackState(STATE_VERSION + 1, bytes)).toThrow(`version ${STATE_VERSION + 1}`);
    expect(() => unpackState(0, bytes)).toThrow('version 0');
    expect(unpackState(STATE_VERSION, bytes)).toEqual(newDevice);
  });
});

function largest(): Configuration {
  const share = (at: number) => 0.1234567890123456 + at / 1_000;
  const points = (count: number) => Array.from({ length: count }, (_, at) => ({ x: share(at), y: share(at) }));
  const id = (at: number) => `${'i'.repeat(30)}${at}`;
  // Ajv counts characters and UTF-8 takes four bytes for each of these.
  const words = (count: number) => '\u{1f6b6}'.repeat(count);
  const sixteen = <Item>(item: (at: number) => Item) => Array.from({ length: 16 }, (_, at) => item(at + 10));
  const settings = {
    device: { firmware: { version: 'v'.repeat(64), url: `http://${'u'.repeat(493)}`, sha256: 'a'.repeat(64) } },
    zones: sixteen((at) => ({ id: id(at), name: words(60), kind: 'entrance', points: points(24) })),
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
