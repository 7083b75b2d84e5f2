import { describe, expect, test } from 'vitest';
import { newDevice, stepDevice } from './device-step.ts';
import { frameOf, lookOf, smallSettings } from './frames-under-test.ts';
import { motionSettings } from './motion.ts';
import { packState, STATE_VERSION, unpackState } from './state.ts';

describe('a stored state', () => {
  test('takes at most 64 KB', () => {
    const { columns, rows } = motionSettings;
    const settings = { ...smallSettings, motion: motionSettings };
    let state = newDevice;
    for (let seq = 0; seq < 10_000; seq += 3) {
      const grey = new Uint8Array(columns * rows).fill(seq % 7, (seq * 13) % 2_000).fill(250, 2_500);
      const look = {
        ...lookOf(0),
        grey: seq % 2 ? grey : grey.toReversed(),
        original: { width: 8_000, height: 1_000 },
      };
      [state] = stepDevice(state, { frame: frameOf({ seq, atMs: seq * 71 }), look }, settings);
    }
    expect(state.episode).not.toBeNull();
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
      seen: [{ epoch: 2, highest: 9, bits: Buffer.alloc(512).fill(2, 1, 2) }],
      newestAtMs: 1_700_000_000_000,
      picture: Buffer.from([0, 1, 2, 255]),
      episode: null,
    });
  });

  test('of a version that is not known is refused', () => {
    const bytes = packState(newDevice);
    expect(() => unpackState(STATE_VERSION + 1, bytes)).toThrow(`version ${STATE_VERSION + 1}`);
    expect(() => unpackState(0, bytes)).toThrow('version 0');
    expect(unpackState(STATE_VERSION, bytes)).toMatchObject({ newestAtMs: null, picture: null, episode: null });
  });
});
