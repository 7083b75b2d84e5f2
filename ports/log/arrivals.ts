import { BroadcastChannel } from 'node:worker_threads';

interface Arrived {
  readonly topic: string;
  readonly partition: number;
}

/** Tells waiting readers that a partition has grown. Count before reading, wait after: nothing falls in between. */
export class Arrivals {
  private readonly places = new Map<string, { count: number; readonly waiting: Set<() => void> }>();
  private readonly otherThreads: BroadcastChannel | null;

  /** Those of one name, in whichever threads of the process, tell each other. */
  constructor({ name = null }: { readonly name?: string | null } = {}) {
    this.otherThreads = name === null ? null : new BroadcastChannel(name);
    if (!this.otherThreads) return;
    this.otherThreads.onmessage = (message) => {
      const { topic, partition } = message.data as Arrived;
      this.hear(topic, partition);
    };
    this.otherThreads.unref();
  }

  count(topic: string, partition: number): number {
    return this.at(topic, partition).count;
  }

  tell(topic: string, partition: number): void {
    this.otherThreads?.postMessage({ topic, partition } satisfies Arrived);
    this.hear(topic, partition);
  }

  close(): void {
    this.otherThreads?.close();
  }

  private hear(topic: string, partition: number): void {
    const place = this.at(topic, partition);
    place.count += 1;
    for (const wake of place.waiting) wake();
  }

  /** Until there was an arrival past `count`, the time is over, or the signal aborts. */
  async wait(
    { topic, partition }: Arrived,
    count: number,
    { msMax, signal }: { readonly msMax: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const place = this.at(topic, partition);
    if (place.count !== count || signal.aborted) return;
    await new Promise<void>((settle) => {
      // By hand: composed signals and promises would pile up on what outlives the wait.
      const wake = () => {
        clearTimeout(timer);
        place.waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        settle();
      };
      const timer = setTimeout(wake, msMax);
      place.waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  private at(topic: string, partition: number) {
    const name = `${topic}/${partition}`;
    const place = this.places.get(name) ?? { count: 0, waiting: new Set() };
    this.places.set(name, place);
    return place;
  }
}
