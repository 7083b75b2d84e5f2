import type { Log } from './log.ts';

/** A log that does not hear of some of the steps of its readers, as when they are killed before they commit. */
export function unheard(log: Log, fails: (step: number) => boolean): Log {
  let steps = 0;
  return {
    ...log,
    consume: (subscription, signal) =>
      log.consume(
        {
          ...subscription,
          async step(state, batch) {
            const stepped = await subscription.step(state, batch);
            if (fails(steps++)) throw new Error('killed before the log heard of it');
            return stepped;
          },
        },
        signal,
      ),
  };
}
