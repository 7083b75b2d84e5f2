import pLimit from 'p-limit';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { LookAgain, Proof } from '../../http/access/look-again.ts';
import { notSignedIn } from '../../http/access/require-user.ts';
import { Problem } from '../../http/problem.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import type { Store } from '../../ports/store/store.ts';
import { createListener, type Listener, type Sink } from './listener.ts';
import { NOWHERE, positionOf } from './position.ts';
import { type FedEvent, readFeed, readNewest } from './read-feed.ts';
import { createTail, type Tail } from './tail.ts';

/** What comes to be in the table of events is told to whoever listens, in the order in which it came there. */
export interface LiveEvents {
  listen(wanted: Wanted): Promise<Listener>;
  /** Reads on, once for all who listen; asks the database nothing while nobody does. */
  look(): Promise<void>;
  /** Ends all, and lets nobody in any more. */
  close(): void;
}

export interface Wanted {
  readonly proof: Proof;
  /** Null for all. */
  readonly cameras: readonly string[] | null;
  readonly types: readonly string[] | null;
  /** The last `id:` that they were told. */
  readonly resume: string | null;
  readonly sink: Sink;
}

export const LOOK_FOR_EVENTS_EVERY_MS = 500;
/** Who was let in by what is good no more is told for so long still. */
const LOOK_AGAIN_EVERY_MS = 3_000;
export const LISTENERS_MAX = 500;
/** Tabs of browsers, and programs that somebody lets run. */
export const LISTENERS_OF_USER_MAX = 20;
/** Read at a look: a thousand events a second. */
const ROWS_OF_ALL_MAX = 500;
/** Read for one who comes again, and kept until they have taken them. */
const ROWS_OF_ONE_MAX = 100;
/** After a restart all come again at once; they are not to take every connection to the database. */
const READ_AT_ONCE_MAX = 2;
/** How far one may fall behind the others. */
const TAIL = { eventsMax: 1_000, charsMax: 16 * 1024 * 1024 };

export function createLiveEvents({
  store,
  clock,
  metrics,
  lookAgain,
}: {
  readonly store: Store;
  readonly clock: Clock;
  readonly metrics: Registry;
  readonly lookAgain: LookAgain;
}): LiveEvents {
  const told = createMetrics(metrics);
  const listeners = new Map<Listener, Proof>();
  /** How many each user has, with those that are about to be let in. */
  const places = new Map<string, number>();
  const readingForOne = pLimit(READ_AT_ONCE_MAX);
  let tail: Tail | null = null;
  let lookedAgainAtMs = 0;
  let isClosed = false;

  function takePlace({ user }: Proof): void {
    const taken = [...places.values()].reduce((sum, count) => sum + count, 0);
    if (isClosed || taken >= LISTENERS_MAX) throw full();
    const own = places.get(user.id) ?? 0;
    if (own >= LISTENERS_OF_USER_MAX) throw tooMany();
    places.set(user.id, own + 1);
  }

  function leavePlace({ user }: Proof): void {
    const own = (places.get(user.id) ?? 1) - 1;
    if (own > 0) places.set(user.id, own);
    else places.delete(user.id);
  }

  async function begin(wanted: Wanted): Promise<Listener> {
    const { proof, resume, sink } = wanted;
    if ((await lookAgain([proof])).has(proof)) throw notSignedIn('token');
    if (!tail) {
      const newest = await readNewest(store);
      tail ??= createTail(newest, TAIL);
    }
    if (isClosed) throw full();
    const current = () => tail as Tail;
    const listener = createListener({
      resumed: resume === null ? null : (positionOf(resume) ?? NOWHERE),
      tail: current,
      wants: wantsOf(wanted),
      readPage: (after) => readingForOne(() => readFeed(store, { after, rowsMax: ROWS_OF_ONE_MAX })),
      sink,
      nowMs: clock.nowMs,
      onEnd(reason) {
        listeners.delete(listener);
        leavePlace(proof);
        told.ended.inc({ reason });
        told.listeners.set(listeners.size);
      },
    });
    listeners.set(listener, proof);
    told.listeners.set(listeners.size);
    return listener;
  }

  async function endRefused(): Promise<void> {
    const refused = await lookAgain([...listeners.values()]);
    for (const [listener, proof] of [...listeners]) {
      if (!refused.has(proof)) continue;
      const isOver = proof.untilMs !== null && proof.untilMs <= clock.nowMs();
      listener.end(isOver ? 'token-over' : 'signed-out');
    }
    lookedAgainAtMs = clock.nowMs();
  }

  async function readOn(known: Tail): Promise<void> {
    const page = await readFeed(store, { after: known.to(), rowsMax: ROWS_OF_ALL_MAX });
    if (page) {
      known.add(page);
      for (const listener of [...listeners.keys()]) listener.wake();
    } else {
      tail = createTail(await readNewest(store), TAIL);
      for (const listener of [...listeners.keys()]) listener.reset();
    }
  }

  return {
    async listen(wanted) {
      takePlace(wanted.proof);
      try {
        return await begin(wanted);
      } catch (error) {
        leavePlace(wanted.proof);
        throw error;
      }
    },

    async look() {
      if (places.size === 0) tail = null;
      if (!tail) return;
      for (const listener of [...listeners.keys()]) listener.look();
      // First: nobody is told of what they may no longer see.
      if (Math.abs(clock.nowMs() - lookedAgainAtMs) >= LOOK_AGAIN_EVERY_MS) await endRefused();
      if (!tail) return;
      await readOn(tail);
      const { position } = tail.to();
      told.behind.set(Math.max(0, ...[...listeners.keys()].map((listener) => position - listener.at().position)));
    },

    close() {
      isClosed = true;
      for (const listener of [...listeners.keys()]) listener.end('closing');
    },
  };
}

/** Whose a device is was read with the event: one that is somebody else's by then is told of to them. */
function wantsOf({ proof, cameras, types }: Wanted): (event: FedEvent) => boolean {
  const { fleetId } = proof.user;
  const [wantedCameras, wantedTypes] = [cameras && new Set(cameras), types && new Set(types)];
  return ({ ownerId, deviceId, type }) =>
    (fleetId === null || ownerId === fleetId) &&
    (wantedCameras === null || wantedCameras.has(deviceId)) &&
    (wantedTypes === null || wantedTypes.has(type));
}

function createMetrics(metrics: Registry) {
  const registers = [metrics];
  return {
    listeners: new Gauge({
      name: 'passerby_event_listeners',
      help: 'Streams of events that are being listened to.',
      registers,
    }),
    ended: new Counter({
      name: 'passerby_event_listeners_ended_total',
      help: 'Streams of events that have ended, by reason: gone, too-slow, signed-out, token-over, closing.',
      labelNames: ['reason'],
      registers,
    }),
    behind: new Gauge({
      name: 'passerby_event_listeners_behind',
      help: 'By how many rows of the feed whoever is furthest behind is behind what was read last.',
      registers,
    }),
  };
}

function full(): Problem {
  const detail = 'As many listen already as may, or this server is about to stop.';
  return new Problem({ status: 503, code: 'unavailable', detail, headers: { 'retry-after': '5' } });
}

function tooMany(): Problem {
  return new Problem({
    status: 429,
    code: 'too-many-streams',
    title: 'Too many streams',
    detail: `This user listens ${LISTENERS_OF_USER_MAX} times already.`,
    headers: { 'retry-after': '30' },
  });
}
