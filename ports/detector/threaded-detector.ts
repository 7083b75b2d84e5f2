import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Unusable } from '../errors.ts';
import type { Detection, Detector } from './detector.ts';
import type { Answer, Question } from './detector-thread.ts';
import { fitted } from './input-tensor.ts';
import type { ModelOptions } from './model.ts';

export interface ThreadedDetector extends Detector {
  /** Ends with the signal; rejects should it end before, after which nothing is looked at any more. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * A model in a thread of its own, so that uploads, heartbeats and health checks are answered while it looks at a
 * picture. One for the whole process: pictures of all partitions wait for their turn in one queue.
 */
export async function openThreadedDetector(options: ModelOptions): Promise<ThreadedDetector> {
  const thread = new Worker(new URL('./start-thread.mjs', import.meta.url), {
    name: 'detector',
    workerData: options,
  });
  const waiting: { readonly settle: (seen: readonly Detection[]) => void; readonly fail: (error: Error) => void }[] =
    [];
  let closing = false;
  let gone: Error | null = null;
  const ended = new Promise<void>((settle, fail) => {
    const end = (error: Error) => {
      gone ??= error;
      for (const asked of waiting.splice(0)) asked.fail(error);
      if (closing) settle();
      else fail(error);
    };
    thread.once('error', end);
    thread.once('exit', (code) => end(new Error(`the detector's thread ended (${code})`)));
  });
  ended.catch(() => undefined);

  const [first] = (await Promise.race([once(thread, 'message'), ended])) as [Answer];
  if (first.kind !== 'opened') {
    closing = true;
    await thread.terminate();
    throw new Unusable(first.kind === 'refused' ? first.message : 'The detector did not open');
  }
  const { version, input } = first;
  thread.on('message', (answer: Answer) => {
    const asked = waiting.shift();
    if (answer.kind === 'seen') asked?.settle(answer.detections);
    else asked?.fail(new Error(`the detector failed: ${'message' in answer ? answer.message : answer.kind}`));
  });

  return {
    model: version,
    fit: (original) => fitted(original, input),
    detect: (picture) =>
      new Promise((settle, fail) => {
        if (closing || gone) throw gone ?? new Error('the detector is closed');
        waiting.push({ settle, fail });
        thread.postMessage(picture satisfies Question);
      }),
    async run(signal) {
      const close = () => {
        closing = true;
        void thread.terminate();
      };
      if (signal.aborted) close();
      signal.addEventListener('abort', close, { once: true });
      await ended;
    },
  };
}
