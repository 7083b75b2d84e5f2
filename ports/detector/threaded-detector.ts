import { once } from 'node:events';
import { Unusable } from '../errors.ts';
import { startThread } from '../start-thread.ts';
import type { Detection, Detector } from './detector.ts';
import type { Answer } from './detector-thread.ts';
import { fitted } from './input-tensor.ts';
import type { ModelOptions } from './model.ts';
import type { NoPicture, Picture } from './picture.ts';

interface Asked {
  readonly picture: Picture;
  readonly settle: (seen: readonly Detection[] | NoPicture) => void;
  readonly fail: (error: Error) => void;
}

/** The one that it looks at, and the next, so that it need not wait for this thread in between. */
const IN_THREAD_MAX = 2;

export interface ThreadedDetector extends Detector {
  /**
   * Ends with the signal, once what it is looking at is answered; rejects should it end before. Then nothing is looked
   * at any more.
   */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * A model in a thread of its own, so that uploads, heartbeats and health checks are answered while it looks at a
 * picture. One for the whole process: pictures of all partitions wait for their turn in one queue.
 */
export async function openThreadedDetector(options: ModelOptions): Promise<ThreadedDetector> {
  const thread = startThread(new URL('./detector-thread.ts', import.meta.url), { name: 'detector', data: options });
  const waiting: Asked[] = [];
  /** What the thread has been given, in the order of its answers. */
  const inThread: Asked[] = [];
  let closing = false;
  let gone: Error | null = null;
  const ended = new Promise<void>((settle, fail) => {
    const end = (error: Error) => {
      gone ??= error;
      for (const { fail } of [...inThread.splice(0), ...waiting.splice(0)]) fail(error);
      if (closing) settle();
      else fail(error);
    };
    thread.once('error', end);
    // An answer that cannot be read: which ones come after it is no longer known.
    thread.once('messageerror', end);
    thread.once('exit', (code) => end(new Error(`the detector's thread ended (${code})`)));
  });
  ended.catch(() => undefined);

  const [first] = (await Promise.race([once(thread, 'message'), ended])) as [Answer];
  if (first.kind !== 'opened') {
    closing = true;
    await thread.terminate();
    throw new Unusable(first.kind === 'refused' ? first.message : 'The detector did not open');
  }
  const { version, input, people } = first;
  const goOn = () => {
    while (inThread.length < IN_THREAD_MAX) {
      const next = waiting.shift();
      if (!next) break;
      try {
        thread.postMessage(next.picture);
        inThread.push(next);
      } catch (error) {
        next.fail(error as Error);
      }
    }
    // Never in the middle of a picture: onnxruntime-node then aborts the whole process.
    if (closing && inThread.length === 0) void thread.terminate();
  };
  thread.on('message', (answer: Answer) => {
    const asked = inThread.shift();
    if (answer.kind === 'seen') asked?.settle(answer.detections);
    else if (answer.kind === 'failed') asked?.settle({ code: 'detector-failed', message: answer.message });
    goOn();
  });

  return {
    model: version,
    people,
    fit: (original) => fitted(original, input),
    detect: (picture) =>
      new Promise((settle, fail) => {
        if (closing || gone) throw gone ?? new Error('the detector is closed');
        waiting.push({ picture, settle, fail });
        goOn();
      }),
    async run(signal) {
      const close = () => {
        closing = true;
        for (const { fail } of waiting.splice(0)) fail(new Error('the detector is closed'));
        goOn();
      };
      if (signal.aborted) close();
      signal.addEventListener('abort', close, { once: true });
      await ended;
    },
  };
}
