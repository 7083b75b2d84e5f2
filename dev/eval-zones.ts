import { parseArgs } from 'node:util';
import { openCounter } from './eval/count-scene.ts';
import { addCounts, isSame, noCounts } from './eval/placed-scene.ts';

/**
 * `npm run eval:zones [-- --scenes 200 --seconds 120 --fps 5 --seed 1]`: how often a zone is entered and left, and a line
 * crossed, in rendered rooms, beside what is true. People are found where they are but for noise (`--edges 0.015`: of each
 * edge of their boxes, in heights), save for a share that is missed (`--missed 0`), and are told apart by how they look in
 * the picture. With `--detector model` the shipped detector looks at it.
 *
 * What no picture shows, since somebody stood before it, cannot be counted (eval/to-be-seen.ts): what could be known is what
 * `exact` is of, and `all` says how many scenes are exact beside all that happened, and how much that was.
 */
const { values } = parseArgs({
  options: {
    scenes: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '120' },
    fps: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    detector: { type: 'string', default: 'jitter' },
    edges: { type: 'string', default: '0.015' },
    missed: { type: 'string', default: '0' },
  },
});
const [scenes, firstSeed] = [Number(values.scenes), Number(values.seed)];
const counter = await openCounter({
  seconds: Number(values.seconds),
  fps: Number(values.fps),
  jitter: values.detector === 'model' ? null : { edges: Number(values.edges), missed: Number(values.missed) },
});
let [found, total, all] = [noCounts, noCounts, noCounts];
let [exact, exactOfAll] = [0, 0];
for (let seed = firstSeed; seed < firstSeed + scenes; seed += 1) {
  const { happened, known, ours } = await counter.count(seed);
  [found, total, all] = [addCounts(found, ours), addCounts(total, known), addCounts(all, happened)];
  if (isSame(known, ours)) exact += 1;
  if (isSame(happened, ours)) exactOfAll += 1;
  if (!isSame(known, ours) || !isSame(happened, ours)) {
    const [counted, shown, whole] = [ours, known, happened].map((counts) => JSON.stringify(counts));
    console.log(`scene ${seed}: ${counted} of ${shown}${shown === whole ? '' : `, and ${whole} happened`}`);
  }
}
await counter.close();
const pair = (name: keyof typeof total) => `${name}=${found[name]}/${total[name]}`;
const names = ['entered', 'left', 'in', 'out'] as const;
console.log(
  `scenes=${scenes} exact=${exact} ${names.map(pair).join(' ')} ` +
    `all: exact=${exactOfAll} ${names.map((name) => `${name}=${found[name]}/${all[name]}`).join(' ')}`,
);
