import { fileURLToPath } from 'node:url';
import { Unusable } from '../ports/errors.ts';
import { pullModel } from './models/pull.ts';

/** `npm run model:pull NAME`: fetches a public model that models/NAME.json describes. */
const MODELS = fileURLToPath(new URL('../models', import.meta.url));

const [name] = process.argv.slice(2);
if (name === undefined || name.startsWith('-')) {
  console.error('Usage: npm run model:pull NAME, where models/NAME.json describes it');
  process.exit(2);
}
let shownMs = 0;
try {
  const { path, fetched } = await pullModel({
    folder: MODELS,
    name,
    onOther: (told) => console.log(told),
    onProgress(received, total) {
      if (performance.now() - shownMs < 500 && received !== total) return;
      shownMs = performance.now();
      console.log(`${(received / 1e6).toFixed(1)} MB${total === null ? '' : ` of ${(total / 1e6).toFixed(1)} MB`}`);
    },
  });
  console.log(
    `${fetched ? 'fetched, and its checksum is right' : 'already there'}. To use it: MODEL_PATH=${path} npm start`,
  );
} catch (error) {
  if (!(error instanceof Unusable)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
