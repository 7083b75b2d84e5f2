import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { type BareJpeg, bareJpeg } from '../../ports/detector/bare-jpeg.ts';
import { createDecoder, createPictureOpener, type Decoded, type Size } from '../../ports/detector/picture.ts';
import { motionGrid } from '../../processor/motion.ts';
import { createRandom } from '../simulate/random.ts';
import { createScene } from '../simulate/scene.ts';
import { median } from './median.ts';

/**
 * `npm run bench:decode`: the CPU that a picture takes from its bytes to the size of the detector, by sharp alone, by
 * libjpeg-turbo alone (only decoded, not brought to that size), and by what the processor does. All take turns.
 */
const ROUNDS = 15;
const PICTURES_PER_TURN = 20;
const DETECTOR: Size = { width: 384, height: 288 };
const GREY: Size = { width: motionGrid.columns, height: motionGrid.rows };
const RESULTS = new URL('./results/decode.json', import.meta.url);

const CASES = {
  'VGA, 74 KB': { width: 640, height: 480, bytes: 74_000 },
  'VGA, 18 KB': { width: 640, height: 480, bytes: 18_000 },
  'UXGA, 160 KB': { width: 1600, height: 1200, bytes: 160_000 },
};
type Case = keyof typeof CASES;

if (!bareJpeg) {
  console.error(
    'The binding of libjpeg-turbo is not there: sharp decodes everything, and there is nothing to compare.',
  );
  process.exit(1);
}
const results = { node: process.versions.node, cores: availableParallelism(), cpuMs: {} as Record<Case, CpuMs> };
for (const name of Object.keys(CASES) as Case[])
  results.cpuMs[name] = await measure(bareJpeg, await makeJpeg(CASES[name]));
writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
console.log('Milliseconds of CPU for a picture, all threads together.');
console.table(results.cpuMs);
console.log(`Written to ${fileURLToPath(RESULTS)}`);
console.log(
  Object.entries(results.cpuMs)
    .map(([name, { ours, ofSharp }]) => `${name.toLowerCase().replace(/\W+/g, '_')}_ms=${ours} of_sharp=${ofSharp}`)
    .join(' '),
);

interface CpuMs {
  readonly bytes: number;
  readonly sharp: number;
  readonly bare: number;
  readonly ours: number;
  readonly grey: number;
  readonly ofSharp: number;
}

async function measure(bare: BareJpeg, jpeg: Buffer): Promise<CpuMs> {
  const into = Buffer.allocUnsafeSlow(1600 * 1200 * 4);
  const [careful, short] = [createDecoder(() => DETECTOR, null), createDecoder(() => DETECTOR)];
  const decoded = (await createPictureOpener(() => DETECTOR)(jpeg)) as Decoded;
  const sides = {
    sharp: () => careful(jpeg),
    bare: () => bare.decode(jpeg, into),
    ours: () => short(jpeg),
    grey: () => decoded.grey(GREY),
  };
  const names = Object.keys(sides) as (keyof typeof sides)[];
  const ms = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<keyof typeof sides, number[]>;
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const name of names) {
      const before = process.cpuUsage();
      for (let at = 0; at < PICTURES_PER_TURN; at += 1) await sides[name]();
      const { user, system } = process.cpuUsage(before);
      // The first round only warms up.
      if (round >= 0) ms[name].push((user + system) / 1_000 / PICTURES_PER_TURN);
    }
  }
  const cpuMs = (name: keyof typeof sides) => Number(median(ms[name]).toFixed(2));
  return {
    bytes: jpeg.length,
    sharp: cpuMs('sharp'),
    bare: cpuMs('bare'),
    ours: cpuMs('ours'),
    grey: cpuMs('grey'),
    ofSharp: Number((median(ms.ours) / median(ms.sharp)).toFixed(2)),
  };
}

/** A room with somebody in it and grain, at the quality at which it comes nearest to so many bytes. */
async function makeJpeg({ width, height, bytes }: Size & { readonly bytes: number }): Promise<Buffer> {
  const scene = await createScene({ seed: 1, camera: 'camera-1', fps: 1 }).render(10);
  const pixels = await sharp(scene).resize(width, height, { fit: 'fill' }).raw().toBuffer();
  const random = createRandom(1, 'grain');
  for (let at = 0; at < pixels.length; at += 1) {
    pixels[at] = Math.max(0, Math.min(255, (pixels[at] as number) + random.between(-12, 12)));
  }
  const raw = { width, height, channels: 3 } as const;
  let [nearest, distance] = [Buffer.alloc(0), Number.POSITIVE_INFINITY];
  for (let quality = 5; quality <= 95; quality += 2) {
    const jpeg = await sharp(pixels, { raw }).jpeg({ quality }).toBuffer();
    if (Math.abs(jpeg.length - bytes) < distance) [nearest, distance] = [jpeg, Math.abs(jpeg.length - bytes)];
  }
  return nearest;
}
