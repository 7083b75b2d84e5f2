import { parentPort } from 'node:worker_threads';
import { dataOfThread } from '../start-thread.ts';
import { yieldProcessors } from '../yield-processors.ts';
import type { Detection } from './detector.ts';
import { FAINT_SHARE, type Model, type ModelOptions, openModel } from './model.ts';
import type { Picture } from './picture.ts';

/** The thread in which the model looks at pictures; threaded-detector.ts starts it and talks to it. */
export type Answer =
  | {
      readonly kind: 'opened';
      readonly version: string;
      readonly input: Model['understood']['input'];
      readonly people: Model['people'];
    }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'seen'; readonly detections: readonly Detection[] }
  | { readonly kind: 'failed'; readonly message: string };

const port = parentPort;
if (port) {
  const answer = (told: Answer) => port.postMessage(told);
  try {
    const model = await openModel({ faintShare: FAINT_SHARE, ...dataOfThread<ModelOptions>() });
    port.on('message', async (picture: Picture) => {
      try {
        answer({ kind: 'seen', detections: await model.detect(picture) });
      } catch (error) {
        answer({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
      }
    });
    yieldProcessors();
    answer({ kind: 'opened', version: model.version, input: model.understood.input, people: model.people });
  } catch (error) {
    answer({ kind: 'refused', message: error instanceof Error ? error.message : String(error) });
    // Stays until that is read and it is ended: an exit of its own can overtake what it has said.
    port.ref();
  }
}
