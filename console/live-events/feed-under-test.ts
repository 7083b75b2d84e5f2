import { Registry } from 'prom-client';
import { createWriters } from '../../aggregator/writers.ts';
import type { Proof } from '../../http/access/look-again.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import { createManualClock, type ManualClock } from '../../ports/clock/manual.ts';
import { startDatabase } from '../../ports/store/database-under-test.ts';
import { type ServicesUnderTest, startServices } from '../../ports/store/services-under-test.ts';
import type { Queryable, Store } from '../../ports/store/store.ts';
import { fixedCodec } from '../../schemas/codec.ts';
import { NOW_MS } from '../../schemas/records-under-test.ts';
import type { Event } from '../../schemas/types.ts';
import type { EndReason, Listener, Message } from './listener.ts';
import { createLiveEvents, type LiveEvents, type Wanted } from './live-events.ts';
import { textOf } from './position.ts';

type WriteEvents = (
  events: readonly Event[],
  beforeCommit?: (transaction: Queryable) => Promise<void>,
) => Promise<void>;

/** As the aggregator writes what it has read, in one transaction; what is to be done before its commit, if anything. */
export function createEventWriter({ store, clock }: { readonly store: Store; readonly clock: Clock }): WriteEvents {
  const writers = createWriters({ codec: fixedCodec, clock });
  return async (events, beforeCommit = async () => undefined) => {
    const record = { offset: 0n, key: 'camera', value: null, headers: {}, appendedAtMs: NOW_MS };
    const reads = events.map((value) => ({ record, value }));
    const of = (name: string) => (name === 'event' ? reads : []) as never;
    await store.transaction(async (transaction) => {
      await writers.events(transaction, { of, poison: [] });
      await beforeCommit(transaction);
    });
  };
}

export interface FeedRig {
  readonly services: ServicesUnderTest;
  readonly clock: ManualClock;
  readonly write: WriteEvents;
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** A console of its own, whose statements are noted by the names of their files. */
  openConsole(): { readonly live: LiveEvents; readonly asked: string[]; readonly metrics: Registry };
}

export async function startFeedRig(database = startDatabase): Promise<FeedRig> {
  const services = await startServices({
    migrations: new URL('../../aggregator/migrations/', import.meta.url),
    database,
  });
  const clock = createManualClock(NOW_MS);
  const [writing, reading] = [services.openStore('aggregator'), services.openStore('console')];
  return {
    services,
    clock,
    write: createEventWriter({ store: writing, clock }),
    query: (text, values = []) => services.store.run({ name: '', text }, values),
    openConsole() {
      const asked: string[] = [];
      const store: Store = {
        ...reading,
        run: (statement, values) => {
          asked.push(statement.name.replace(/-[0-9a-f]{8}$/, ''));
          return reading.run(statement, values);
        },
      };
      const metrics = new Registry();
      const live = createLiveEvents({ store, clock, metrics, lookAgain: async () => new Set() });
      return { live, asked, metrics };
    },
  };
}

export const proofOfEverybody: Proof = {
  user: { id: 'admin', username: 'admin', role: 'admin', fleetId: null },
  sessionId: null,
  untilMs: null,
  passwordStamp: null,
};

/** One who listens, goes and comes again, and what they were told in all. */
export interface Follower {
  readonly messages: Message[];
  readonly ended: EndReason[];
  lastId: string | null;
  listener: Listener | null;
  /** How many messages they take, before they take no more. */
  room: number;
  /** Comes, or comes again. */
  come(live: LiveEvents): Promise<void>;
  /** Takes so many more. */
  take(messages: number): void;
  leave(): void;
  /** `name of the event's person or score, version`, in the order in which they were told. */
  versions(): readonly (readonly [id: string, version: number])[];
}

export function createFollower(wanted: Partial<Wanted> = {}): Follower {
  const follower: Follower = {
    messages: [],
    ended: [],
    lastId: null,
    listener: null,
    room: Number.POSITIVE_INFINITY,
    async come(live) {
      follower.listener = await live.listen({
        proof: proofOfEverybody,
        cameras: null,
        types: null,
        resume: follower.lastId,
        sink: {
          tell(message) {
            follower.messages.push(message);
            follower.lastId = textOf(message.at);
            follower.room -= 1;
            return follower.room > 0;
          },
          end(reason) {
            follower.ended.push(reason);
            follower.listener = null;
          },
        },
        ...wanted,
      });
      follower.listener.begin();
    },
    take(messages) {
      follower.room = messages;
      follower.listener?.goOn();
    },
    leave() {
      follower.listener?.end('gone');
      follower.listener = null;
    },
    versions: () =>
      follower.messages.flatMap((message) => {
        if (message.kind !== 'event') return [];
        const { event_id, version } = JSON.parse(message.event.json);
        return [[event_id, version] as const];
      }),
  };
  return follower;
}
