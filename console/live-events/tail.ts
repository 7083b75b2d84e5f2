import type { Position } from './position.ts';
import type { FedEvent, FeedPage } from './read-feed.ts';

/** The end of the feed, read once for all who listen. */
export interface Tail {
  /** Whoever has come to here, or further, is told of all that follows. */
  from(): Position;
  /** How far it was read. */
  to(): Position;
  add(page: FeedPage): void;
  /** The first after a position that somebody wants. */
  next(after: Position, wants: (event: FedEvent) => boolean): FedEvent | null;
}

export function createTail(
  begin: Position,
  { eventsMax, charsMax }: { readonly eventsMax: number; readonly charsMax: number },
): Tail {
  let [from, to] = [begin, begin];
  let events: readonly FedEvent[] = [];

  /** Of the first event after it, by halving: events are many, and those who ask may be too. */
  function placeAfter({ position }: Position): number {
    let [low, high] = [0, events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[middle]?.at.position ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  return {
    from: () => from,
    to: () => to,
    add(page) {
      to = page.last;
      if (page.events.length === 0) return;
      const all = [...events, ...page.events];
      let [kept, chars] = [all.length, 0];
      while (kept > 0 && all.length - kept < eventsMax && chars <= charsMax) {
        kept -= 1;
        chars += all[kept]?.json.length ?? 0;
      }
      from = all[kept - 1]?.at ?? from;
      events = all.slice(kept);
    },
    next(after, wants) {
      for (let place = placeAfter(after); place < events.length; place++) {
        const event = events[place];
        if (event && wants(event)) return event;
      }
      return null;
    },
  };
}
