import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { readPlainJpeg } from './plain-jpeg.ts';

const size = { width: 48, height: 32 };
const picture = () => sharp({ create: { ...size, channels: 3, background: 'teal' } });
const jpegOf = (image: Sharp) => image.jpeg().toBuffer();

describe('a JPEG is plain', () => {
  test('as cameras send it, whatever its colours are sampled at', async () => {
    for (const chromaSubsampling of ['4:2:0', '4:4:4']) {
      const jpeg = await picture().jpeg({ chromaSubsampling }).toBuffer();
      expect(readPlainJpeg(jpeg)).toEqual({ ...size, hasExif: false });
    }
  });

  test('with something behind it, and with something to say of the camera', async () => {
    const jpeg = await jpegOf(picture());
    expect(readPlainJpeg(Buffer.concat([jpeg, Buffer.alloc(100)]))).toEqual({ ...size, hasExif: false });
    const told = await jpegOf(picture().withMetadata({ orientation: 6 }));
    expect(readPlainJpeg(withoutProfile(told))).toEqual({ ...size, hasExif: true });
  });
});

describe('a JPEG is not plain', () => {
  test.each([
    ['progressive', () => picture().jpeg({ progressive: true }).toBuffer()],
    ['of grey alone', () => jpegOf(picture().toColourspace('b-w'))],
    ['CMYK', () => jpegOf(picture().toColourspace('cmyk'))],
    ['with a colour profile', () => jpegOf(picture().withIccProfile('p3'))],
    ['no JPEG', () => picture().png().toBuffer()],
  ])('%s', async (_, make) => {
    expect(readPlainJpeg(await make())).toBeNull();
  });

  test('cut anywhere before its pixels', async () => {
    const jpeg = await jpegOf(picture());
    const pixels = jpeg.indexOf(Buffer.from([0xff, 0xda]));
    for (let length = 0; length < pixels + 4; length += 1) expect(readPlainJpeg(jpeg.subarray(0, length))).toBeNull();
    expect(readPlainJpeg(jpeg.subarray(0, pixels + 4))).toEqual({ ...size, hasExif: false });
  });

  test('with two headers, or with bytes between its parts', async () => {
    const jpeg = await jpegOf(picture());
    const header = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    const [before, rest] = [jpeg.subarray(0, header), jpeg.subarray(header)];
    expect(readPlainJpeg(Buffer.concat([before, rest.subarray(0, 19), rest]))).toBeNull();
    expect(readPlainJpeg(Buffer.concat([before, Buffer.alloc(1), rest]))).toBeNull();
  });
});

/** What sharp writes beside an orientation. */
function withoutProfile(jpeg: Buffer): Buffer {
  const at = jpeg.indexOf(Buffer.from([0xff, 0xe2]));
  return at < 0 ? jpeg : Buffer.concat([jpeg.subarray(0, at), jpeg.subarray(at + 2 + jpeg.readUInt16BE(at + 2))]);
}
