import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derivedId, frameId } from './identity.ts';

describe('ids', () => {
  // Rows are keyed by these: a test that fails here is never to be changed.
  test('are the same for ever', () => {
    expect(frameId('camera-1', 0, 1)).toBe('4d7d671a-3d25-56f2-af26-33b4999a032b');
    expect(frameId('camera-1', 1, 2 ** 40)).toBe('fd5a354c-9db0-5af2-98f8-7407ea6d5f98');
    expect(derivedId('visit', 'camera-1', 17)).toBe('b00f4c7f-3c56-5a9c-a416-a146074fc9be');
    expect(derivedId()).toBe('8a37bcb5-1c56-5367-81f1-1e4f44da05bd');
  });

  test('differ wherever a part does', () => {
    const part = fc.oneof(fc.string(), fc.integer());
    fc.assert(
      fc.property(fc.array(part), fc.array(part), (a, b) => {
        expect(derivedId(...a) === derivedId(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
    expect(derivedId('a', 'b')).not.toBe(derivedId('ab'));
    expect(derivedId('a,b')).not.toBe(derivedId('a', 'b'));
    expect(derivedId('1')).not.toBe(derivedId(1));
    expect(derivedId('camera-1', 0, 1)).not.toBe(frameId('camera-1', 0, 1));
  });

  test('refuse numbers that JSON does not tell apart', () => {
    for (const part of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => derivedId(part)).toThrow(RangeError);
    }
  });
});
