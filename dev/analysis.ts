import { once } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Registry } from 'prom-client';
import { Unusable } from '../ports/errors.ts';
import { startThread } from '../ports/start-thread.ts';
import type { EmbeddedConfig } from './config.ts';

/** What the thread of analysis-thread.ts is given. */
export interface AnalysisOptions {
  readonly connectionString: string;
  readonly blobsFolder: string;
  readonly partitionCount: number;
  readonly stopWithinMs: number;
  readonly config: EmbeddedConfig;
}

export type Request = { readonly kind: 'stop' } | { readonly kind: 'metrics'; readonly port: MessagePort };

export type Answer =
  | { readonly kind: 'up'; readonly model: string }
  | { readonly kind: 'refused'; readonly why: string };

export interface Analysis {
  /** What finds people, as it is noted beside whatever was found. */
  readonly model: string;
  /** In Prometheus's text. */
  metrics(): Promise<string>;
  /** Ends with the signal, once what is in hand is committed; rejects should it end before. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Processor, aggregator and snapshots in a thread of their own, which yields to the one that calls: however much there
 * is to look at, uploads, heartbeats and pages are answered.
 */
export async function startAnalysis(options: AnalysisOptions, stopping: AbortSignal): Promise<Analysis> {
  const thread = startThread(new URL('./analysis-thread.ts', import.meta.url), { name: 'analysis', data: options });
  const ask = (request: Request, ports: readonly MessagePort[] = []) => thread.postMessage(request, ports);
  const ended = once(thread, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`the thread of the analysis ended (${code})`);
  });
  let gone = false;
  ended
    .catch(() => undefined)
    .finally(() => {
      gone = true;
    });
  const stop = () => ask({ kind: 'stop' });
  const stopAt = (signal: AbortSignal) => {
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  };

  stopAt(stopping);
  const [first] = (await Promise.race([once(thread, 'message'), ended.then(() => [])])) as [Answer?];
  stopping.removeEventListener('abort', stop);
  if (first?.kind !== 'up') {
    await ended.catch(() => undefined);
    throw new Unusable(first?.why ?? 'The analysis was stopped while it started.');
  }
  return {
    model: first.model,

    async metrics() {
      if (gone) return '';
      const { port1: here, port2: there } = new MessageChannel();
      ask({ kind: 'metrics', port: there }, [there]);
      return new Promise((settle) => {
        here.once('message', (text: string) => {
          here.close();
          settle(text);
        });
        // As when the thread ends, and the other port with it. (A race against `ended` would keep every answer for ever.)
        here.once('close', () => settle(''));
      });
    },

    async run(signal) {
      stopAt(signal);
      await ended;
    },
  };
}

/** The metrics of this thread and of others, which share no names. */
export class JoinedRegistry extends Registry {
  private readonly others: (() => Promise<string>)[] = [];

  join(other: () => Promise<string>): void {
    this.others.push(other);
  }

  override async metrics(): Promise<string> {
    const texts = await Promise.all([super.metrics(), ...this.others.map((other) => other())]);
    return texts.join('\n');
  }
}
