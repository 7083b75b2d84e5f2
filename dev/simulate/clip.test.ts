import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { readClip, readTimes } from './clip.ts';
import { lacksFfmpeg, makeClip, needsFfmpeg } from './clip-under-test.ts';
import { openClip } from './footage.ts';
import type { TimedPicture } from './matroska.ts';

const folder = mkdtempSync(join(tmpdir(), 'passerby-clip-'));
// A colon, as in a time of day, is no protocol; but Windows has none in names.
const film = join(folder, process.platform === 'win32' ? 'film.mkv' : '10:30 film.mkv');
const gif = join(folder, 'clip.gif');
const uneven = join(folder, 'uneven.mkv');
const all = { fps: 5, widthMax: 640, secondsMax: Number.POSITIVE_INFINITY };

afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(lacksFfmpeg('dev/simulate/clip.test.ts'))(`a clip ${needsFfmpeg}`, () => {
  beforeAll(() => {
    makeClip({ file: film, size: '800x451', fps: 10, seconds: 3 });
    makeClip({ file: gif, size: '160x120', fps: 10, seconds: 1 });
    makeClip({ file: uneven, size: '64x48', fps: 12.5, seconds: 1 });
  });

  test.each([
    { of: 'half of its frames', file: film, fps: 5, timesMs: steps(15, 200) },
    { of: 'all it has, and no more', file: film, fps: 60, timesMs: steps(30, 100) },
    { of: 'one in two seconds', file: film, fps: 0.5, timesMs: [0, 2000] },
    { of: 'a GIF’s', file: gif, fps: 5, timesMs: steps(5, 200) },
    { of: 'those that it has, at their own times', file: uneven, fps: 5, timesMs: [0, 240, 400, 640, 800] },
    { of: 'the first second’s', file: film, fps: 5, secondsMax: 1, timesMs: steps(5, 200) },
  ])('gives the times of $of', async ({ file, fps, secondsMax = all.secondsMax, timesMs }) => {
    expect(await readTimes({ file, fps, secondsMax })).toEqual(timesMs);
    expect((await picturesOf({ file, fps, secondsMax })).map(({ atMs }) => atMs)).toEqual(timesMs);
  });

  test('gives JPEGs, made smaller and never larger, and not distorted', async () => {
    const sizesOf = async (file: string, widthMax: number) => {
      const read = await picturesOf({ file, widthMax });
      const seen = await Promise.all(read.map(({ jpeg }) => sharp(jpeg).metadata()));
      return new Set(seen.map(({ format, width, height }) => `${format} ${width}x${height}`));
    };
    expect(await sizesOf(film, 640)).toEqual(new Set(['jpeg 640x360']));
    expect(await sizesOf(film, 333)).toEqual(new Set(['jpeg 332x188']));
    expect(await sizesOf(gif, 640)).toEqual(new Set(['jpeg 160x120']));
  });

  test('gives different pictures at different times, the same ones to each camera', async () => {
    const footage = await openClip({ ...all, file: film });
    expect(footage.timesMs).toEqual(steps(15, 200));
    const [one, two] = [footage.openView('a'), footage.openView('b')];
    const seen: Buffer[] = [];
    for (const index of footage.timesMs.keys()) {
      const [first, second] = await Promise.all([one.render(index), two.render(index)]);
      expect(second.equals(first)).toBe(true);
      seen.push(first);
    }
    expect(new Set(seen.map((jpeg) => jpeg.toString('base64'))).size).toBe(15);
    await Promise.all([one.close(), two.close()]);
  });

  test('is not sent on when it has become another', async () => {
    const footage = await openClip({ ...all, file: gif });
    makeClip({ file: gif, size: '160x120', fps: 4, seconds: 1 });
    const view = footage.openView('a');
    await view.render(0);
    await expect(view.render(1)).rejects.toThrow('clip.gif has changed meanwhile');
    await view.close();
  });

  test('can be left at any time, before its first picture too', async () => {
    const footage = await openClip({ ...all, file: film });
    const [begun, unbegun] = [footage.openView('a'), footage.openView('b')];
    await begun.render(0);
    // Resolves when ffmpeg has ended, which without being ended would wait for ever for somebody to read on.
    await Promise.all([begun.close(), unbegun.close()]);
  });

  test('that is none is told in ffmpeg’s words', async () => {
    const text = join(folder, 'film.mp4');
    writeFileSync(text, 'once upon a time');
    await expect(openClip({ ...all, file: text })).rejects.toThrow(/ffmpeg cannot read .*film\.mp4: .*Invalid data/);
    await expect(readTimes({ ...all, file: join(folder, 'none.mp4') })).rejects.toThrow('No such file');
  });
});

test('without ffmpeg it is said how to come by it', async () => {
  vi.stubEnv('PATH', folder);
  await expect(readTimes({ ...all, file: film })).rejects.toThrow('apt install ffmpeg');
});

async function picturesOf(given: Partial<Parameters<typeof readClip>[0]>): Promise<readonly TimedPicture[]> {
  const pictures: TimedPicture[] = [];
  for await (const picture of readClip({ ...all, file: film, ...given })) pictures.push(picture);
  return pictures;
}

function steps(count: number, stepMs: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index * stepMs);
}
