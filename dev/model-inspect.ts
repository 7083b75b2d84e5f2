import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openModel } from '../ports/detector/model.ts';
import { Unusable } from '../ports/errors.ts';
import { drawDetections } from './models/draw-detections.ts';
import { pictureFor } from './models/read-picture.ts';

/** `npm run model:inspect FILE [-- --picture PHOTO.jpg]`: what was understood of a model, and what it sees. */
const USAGE = 'Usage: npm run model:inspect FILE.onnx [-- --picture PHOTO.jpg [--out BOXES.png]]';
const ROUNDS = 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { picture: { type: 'string' }, out: { type: 'string', default: 'boxes.png' } },
});
const [path] = positionals;
if (path === undefined) {
  console.error(USAGE);
  process.exit(2);
}
try {
  const model = await openModel({ path, threads: 1 });
  const { layout, because, input, classes, wanted, overlapMax } = model.understood;
  const { width, height, colour, mean, std, placement, pad } = input;
  const told = wanted.map(({ index, confidenceMin }) => `${classes[index]} from ${confidenceMin}`);
  console.log(`model       ${model.version}`);
  console.log(`layout      ${layout}: ${because}`);
  console.log(`input       ${width} by ${height}, ${colour}, (value - ${mean}) / ${std}, ${placement}, pad ${pad}`);
  console.log(`classes     ${classes.length}: ${classes.slice(0, 8).join(', ')}${classes.length > 8 ? ', …' : ''}`);
  console.log(`tells of    ${told.slice(0, 8).join(', ')}${told.length > 8 ? ', …' : ''}`);
  console.log(`overlap     at most ${overlapMax} of two boxes of a class`);
  if (values.picture !== undefined) {
    const jpeg = readFileSync(values.picture);
    const picture = await pictureFor(model, jpeg, values.picture);
    const detections = await model.detect(picture);
    const beganMs = performance.now();
    for (let round = 0; round < ROUNDS; round += 1) await model.detect(picture);
    const ms = (performance.now() - beganMs) / ROUNDS;
    for (const { className, confidence, box } of detections) {
      const { x, y, width: across, height: down } = box;
      console.log(
        `found       ${className} ${confidence.toFixed(2)}: left ${x.toFixed(3)}, top ${y.toFixed(3)}, width ${across.toFixed(3)}, height ${down.toFixed(3)}`,
      );
    }
    writeFileSync(values.out, await drawDetections(jpeg, picture.original, detections));
    console.log(`picture     ${detections.length} found in ${ms.toFixed(1)} ms at one thread; drawn to ${values.out}`);
  }
  await model.close();
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException;
  if (!(error instanceof Unusable) && code === undefined) throw error;
  console.error(message);
  process.exitCode = 1;
}
