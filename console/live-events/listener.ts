import type { Position } from './position.ts';
import type { FedEvent, FeedPage } from './read-feed.ts';
import type { Tail } from './tail.ts';

/** Why somebody is told no more. */
export type EndReason = 'gone' | 'too-slow' | 'signed-out' | 'token-over' | 'closing';

/** What is told; whoever has been told it may go on from `at`. */
export type Message =
  | { readonly kind: 'event'; readonly at: Position; readonly event: FedEvent }
  /** Nothing that they want has happened up to here. */
  | { readonly kind: 'position'; readonly at: Position }
  /** What happened between where they were and here is not known: they are to list. */
  | { readonly kind: 'reset'; readonly at: Position };

/** The way to one who listens. */
export interface Sink {
  /** False: it takes no more, until it asks (`goOn`). */
  tell(message: Message): boolean;
  end(reason: Exclude<EndReason, 'gone'>): void;
}

/** One who listens, and how far they have come. */
export interface Listener {
  at(): Position;
  /** Tells whoever begins where that is, and then what there is. */
  begin(): void;
  /** Tells what there is, if they have taken what was told before. */
  wake(): void;
  /** They have. */
  goOn(): void;
  /** What follows is not what came before: from here on they are told of what comes. */
  reset(): void;
  /** Ends whoever is too slow, and says something to whoever has heard nothing for long. */
  look(): void;
  end(reason: EndReason): void;
}

/** Beyond this it is no hiccup of a network. What waits meanwhile is bounded. */
export const STALLED_MS = 10_000;
/** Less than any proxy waits for, and than this server does. */
export const QUIET_MS = 15_000;

/**
 * From where somebody was, pages are read for them alone, at their own pace, until they have come to what is read for all.
 * From then on they have to keep up: whoever falls behind that, or takes nothing for ten seconds, is dropped, and may come
 * again. So each costs what their connection buffers and one page, whatever they do.
 */
export function createListener({
  resumed,
  tail,
  wants,
  readPage,
  sink,
  nowMs,
  onEnd,
}: {
  /** Where they were; null begins with what comes now. Whether it is still there the first page says. */
  readonly resumed: Position | null;
  readonly tail: () => Tail;
  readonly wants: (event: FedEvent) => boolean;
  readonly readPage: (after: Position) => Promise<FeedPage | null>;
  readonly sink: Sink;
  readonly nowMs: () => number;
  readonly onEnd: (reason: EndReason) => void;
}): Listener {
  let at = resumed ?? tail().to();
  let hasCaughtUp = resumed === null;
  let page: { readonly events: FedEvent[]; readonly until: Position } | null = null;
  let isReading = false;
  let isOver = false;
  let toldAtMs = nowMs();
  let fullSinceMs: number | null = null;

  function tell(message: Message): void {
    at = message.at;
    toldAtMs = nowMs();
    fullSinceMs = sink.tell(message) ? null : nowMs();
  }

  function end(reason: EndReason): void {
    if (isOver) return;
    isOver = true;
    page = null;
    if (reason !== 'gone') sink.end(reason);
    onEnd(reason);
  }

  function reset(): void {
    if (isOver) return;
    [page, hasCaughtUp] = [null, true];
    tell({ kind: 'reset', at: tail().to() });
  }

  function wake(): void {
    while (!isOver && fullSinceMs === null) {
      if (page) {
        const event = page.events.shift();
        if (event) tell({ kind: 'event', at: event.at, event });
        else {
          [at, page] = [page.until, null];
          hasCaughtUp = at.position >= tail().from().position;
        }
      } else if (!hasCaughtUp) {
        void readOn();
        return;
      } else {
        const event = tail().next(at, wants);
        if (!event) {
          at = further(at, tail().to());
          return;
        }
        tell({ kind: 'event', at: event.at, event });
      }
    }
  }

  /** One page; a failure is tried again at the next look. */
  async function readOn(): Promise<void> {
    if (isReading) return;
    isReading = true;
    const readForAll = tail().to();
    const found = await readPage(at).catch(() => 'away' as const);
    isReading = false;
    if (isOver || found === 'away') return;
    // While it was read, all may have been told to begin anew.
    if (hasCaughtUp) return;
    if (found === null) {
      reset();
    } else {
      // Where there was nothing more, what is read for all lies behind as well.
      const until = found.isAll ? further(found.last, readForAll) : found.last;
      page = { events: found.events.filter(wants), until };
    }
    wake();
  }

  return {
    at: () => at,
    begin() {
      if (resumed === null && !isOver) tell({ kind: 'position', at });
      wake();
    },
    wake,
    goOn() {
      fullSinceMs = null;
      wake();
    },
    reset,
    look() {
      const stalled = fullSinceMs !== null && nowMs() - fullSinceMs > STALLED_MS;
      const isBehind = hasCaughtUp && at.position < tail().from().position;
      if (stalled || isBehind) end('too-slow');
      else if (fullSinceMs === null && nowMs() - toldAtMs >= QUIET_MS) tell({ kind: 'position', at });
    },
    end,
  };
}

function further(one: Position, other: Position): Position {
  return one.position < other.position ? other : one;
}
