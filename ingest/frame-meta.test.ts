import { expect, test } from 'vitest';
import { fixedCodec } from '../schemas/codec.ts';
import { frame } from '../schemas/records-under-test.ts';
import { NUMBER_MAX, readMeta, statedTime } from './frame-meta.ts';

const META = { device_id: 'camera', capture_ts: 1, seq: 1, width: 1, height: 1, jpeg_quality: 1 };
const boots = { bootedAt: async () => null };

test('what is taken as a seq is what a record carries', () => {
  expect(readMeta({ ...META, seq: NUMBER_MAX })).toMatchObject({ seq: NUMBER_MAX });
  expect(readMeta({ ...META, seq: NUMBER_MAX + 1 })).toMatchObject([{ pointer: '#/meta/seq' }]);
  const bytes = fixedCodec.encode('frame', { ...frame(1), seq: NUMBER_MAX });
  expect(fixedCodec.decode(bytes).value).toMatchObject({ seq: NUMBER_MAX });
});

test.each([
  [NUMBER_MAX, NUMBER_MAX],
  [NUMBER_MAX + 1, null],
  [-NUMBER_MAX - 1, null],
])('a clock that says %d says %d', async (stated, statedMs) => {
  expect(await statedTime({ boots, nowMs: 0 }, 'camera', stated, {})).toMatchObject({ statedMs });
});
