import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { untilAvailable } from './until-available.ts';

/**
 * A process, or a thread, as a stack of parts: started one after the other, each on top of what it needs, and stopped
 * in reverse, so that whatever is still at work finds below it all that it works with.
 */
export interface Parts {
  /** Aborts when the process is to stop: for a start that waits. */
  readonly stopping: AbortSignal;
  /** Does one thing of the start, again for as long as the server that it needs cannot be had. Safe to repeat. */
  untilAvailable<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Says how to undo what has just been started. */
  started(name: string, stop: () => Promise<void> | void): void;
  /** Runs something until its signal; should it end before, the process cannot go on. */
  run(name: string, work: (signal: AbortSignal) => Promise<void>): void;
  /** Does something again and again, with a pause in between; a failure is logged and the next try follows. */
  every(name: string, pauseMs: number, work: () => Promise<unknown>): void;
}

export interface ProcessOptions {
  readonly logger: Logger;
  /** After this long the process ends with what has not stopped. */
  readonly stopWithinMs: number;
  /** What to tell whoever started it, when it cannot start. */
  readonly explain: (error: unknown) => string;
  /** On standard error, unless this says it elsewhere. */
  readonly tell?: (words: string) => void;
  /** Stops it, as SIGTERM does: for a thread, which hears no signals. */
  readonly stopAsked?: AbortSignal;
}

export async function runProcess(
  { logger, stopWithinMs, explain, tell = onStandardError, stopAsked }: ProcessOptions,
  start: (parts: Parts) => Promise<void>,
): Promise<void> {
  const stops: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
  const givenUp = new AbortController();
  let stopping: Promise<void> | null = null;

  const stopAll = async () => {
    // Whoever is still starting gets as far as the next part, so that what it has just started is stopped too. Only a
    // wait for a server is given up.
    await starting.catch(() => undefined);
    for (let part = stops.pop(); part; part = stops.pop()) {
      const { name, stop } = part;
      logger.debug({ part: name }, 'stopping');
      try {
        await stop();
      } catch (error) {
        logger.error({ part: name, error }, 'did not stop cleanly');
        process.exitCode = 1;
      }
    }
  };
  const stop = (why: string, exitCode: number): Promise<void> => {
    stopping ??= (async () => {
      logger.info({ why }, 'stopping');
      process.exitCode = exitCode;
      givenUp.abort();
      const inTime = await Promise.race([stopAll().then(() => true), sleep(stopWithinMs, false)]);
      if (!inTime) logger.error({ stopWithinMs }, 'not stopped in time; ending');
      process.exit(inTime ? process.exitCode : 1);
    })();
    return stopping;
  };

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // Somebody who asks twice wants it now; a kill at any moment loses nothing that was acknowledged.
      if (stopping) process.exit(1);
      void stop(signal, 0);
    });
  }
  stopAsked?.addEventListener('abort', () => void stop('asked to', 0), { once: true });
  for (const fault of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(fault, (error) => {
      logger.fatal({ error, fault }, 'a fault in the program');
      void stop(fault, 1);
    });
  }

  const add = (name: string, undo: () => Promise<void> | void) => {
    stops.push({ name, stop: undo });
    if (stopping) throw new Error('stopped while starting');
  };
  const parts: Parts = {
    stopping: givenUp.signal,
    untilAvailable: (work) => untilAvailable(work, { logger, signal: givenUp.signal }),
    started: add,
    run(name, work) {
      const abort = new AbortController();
      // Every partition that waits listens to it.
      setMaxListeners(0, abort.signal);
      const running = work(abort.signal).then(() => {
        if (!abort.signal.aborted) throw new Error(`${name} ended by itself`);
      });
      running.catch((error: unknown) => {
        logger.fatal({ part: name, error }, 'a part ended');
        void stop(name, 1);
      });
      add(name, async () => {
        abort.abort();
        await running.catch(() => undefined);
      });
    },
    every(name, pauseMs, work) {
      parts.run(name, async (signal) => {
        while (!signal.aborted) {
          await work().catch((error: unknown) => logger.warn({ part: name, error }, 'failed; trying again later'));
          await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
        }
      });
    },
  };

  const starting = start(parts);
  try {
    await starting;
  } catch (error) {
    if (stopping) return;
    tell(explain(error));
    logger.debug({ error }, 'not started');
    await stop('not started', 1);
  }
}

function onStandardError(words: string): void {
  process.stderr.write(`\n${words}\n\n`);
}
