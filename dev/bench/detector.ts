import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { modelOptionsOf } from '../../ports/detector/config.ts';
import { openModel, sessionOptions } from '../../ports/detector/model.ts';
import { createDecoder, type Picture } from '../../ports/detector/picture.ts';
import { openThreadedDetector } from '../../ports/detector/threaded-detector.ts';
import { createScene } from '../simulate/scene.ts';
import { median } from './median.ts';

/**
 * `npm run bench:detector`: what the detector costs over the bare runtime, for the shipped model, and whether several
 * pictures at once would be quicker. All take turns, so that what else the machine does falls on all of them.
 */
const ROUNDS = 60;
const BATCHES = [1, 2, 4, 8];
const RESULTS = new URL('./results/detector.json', import.meta.url);

const { path } = modelOptionsOf({});
const jpeg = await createScene({ seed: 1, camera: 'camera-1', fps: 1 }).render(10);

const results = { node: process.versions.node, cores: availableParallelism(), threads: {} as Record<number, object> };
for (const threads of [1, 2]) results.threads[threads] = await measure(threads);
writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
console.log(
  'By threads: milliseconds of the bare runtime for a picture; all else as shares of that, for a picture too.',
);
console.table(results.threads);
console.log(`Written to ${fileURLToPath(RESULTS)}`);

/** Times of one picture, as shares of the bare runtime's. */
async function measure(threads: number) {
  const model = await openModel({ path, threads });
  const threaded = await openThreadedDetector({ path, threads });
  const stop = new AbortController();
  const running = threaded.run(stop.signal);
  const session = await InferenceSession.create(readFileSync(path), sessionOptions(threads));
  const picture = (await createDecoder(threaded.fit)(jpeg)) as Picture;
  const { height, width } = model.form;
  const batches = BATCHES.map((pictures) => {
    const image = new Tensor('uint8', new Uint8Array(pictures * height * width * 3), [pictures, height, width, 3]);
    return { name: `batch of ${pictures}`, pictures, look: () => session.run({ image }) as Promise<unknown> };
  });
  const others = [
    { name: 'detector', pictures: 1, look: () => model.detect(picture) as Promise<unknown> },
    { name: 'in its thread', pictures: 1, look: () => threaded.detect(picture) },
  ];
  const sides = [...batches, ...others].map((side) => ({ ...side, ms: [] as number[] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { pictures, look, ms } of sides) {
      const beganMs = performance.now();
      await look();
      ms.push((performance.now() - beganMs) / pictures);
    }
  }
  stop.abort();
  await Promise.all([running, model.close(), session.release()]);
  const [bare, ...rest] = sides.map(({ name, ms }) => ({ name, median: median(ms) }));
  const bareMs = bare?.median ?? 0;
  return {
    'bare ms': Number(bareMs.toFixed(2)),
    ...Object.fromEntries(rest.map((side) => [side.name, Number((side.median / bareMs).toFixed(2))])),
  };
}
