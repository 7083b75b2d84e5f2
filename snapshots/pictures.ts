import { setTimeout as sleep } from 'node:timers/promises';
import { type Blobs, isKey } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import { Outage } from '../ports/errors.ts';
import type { Log } from '../ports/log/log.ts';
import { isRefusal } from '../ports/store/refusal.ts';
import { statement } from '../ports/store/statement.ts';
import type { Statement, Store } from '../ports/store/store.ts';
import { snapshotKey } from '../schemas/snapshot-key.ts';
import type { TopicName } from '../schemas/topics.ts';
import type { Box, Event } from '../schemas/types.ts';
import { blurred } from './blur.ts';
import { drawMotion } from './draw-motion.ts';
import { drawThing } from './draw-thing.ts';
import { openPicture } from './open-picture.ts';
import type { Drawing } from './what-to-draw.ts';

const sql = {
  findPeak: statement(import.meta.url, './sql/find-picture.sql'),
  findShown: statement(import.meta.url, './sql/find-shown.sql'),
  people: statement(import.meta.url, './sql/find-people.sql'),
  name: statement(import.meta.url, './sql/name-picture.sql'),
  mark: statement(import.meta.url, './sql/mark-drawn.sql'),
  erased: statement(import.meta.url, './sql/is-erased.sql'),
};

/** A frame's row comes by other topics than its event; this long it is waited for, however far the aggregator is. */
const ROW_WITHIN_MS = 60_000;
/** Of an event, the aggregator and we are told at the same time: mostly its row is there by now. */
const ASK_AGAIN_MS = 100;
const ASKED_MAX = 20;
const ROW_COMES_BY: readonly TopicName[] = ['frames', 'backlog', 'observations'];
/** A frame that shows what has no duration is no further from it: a way over a line waits for whether they come back. */
const AROUND_MS = 180_000;

interface CaptureRow {
  readonly frame_id: string;
  readonly blob_key: string | null;
  readonly captured_at: Date;
}

/** The frame that is drawn on. */
interface DrawnFrame {
  readonly frameId: string;
  readonly blobKey: string;
  readonly atMs: number;
}

/** What became of an event's picture; if there will be none, why. */
export interface Kept {
  readonly outcome: string;
  readonly reason?: string;
}

const ERASED: Kept = { outcome: 'erased', reason: 'its time was erased' };
const GONE: Kept = { outcome: 'event-gone', reason: 'it has no row' };

export interface Pictures {
  /** Draws the event's picture and stores it, if that is not done. Throws `Outage` for what may yet come. */
  keep(event: Event, drawing: Drawing, appendedAtMs: number): Promise<Kept>;
}

export function createPictures({
  log,
  blobs,
  store,
  clock,
  blurPeople,
}: {
  readonly log: Log;
  readonly blobs: Blobs;
  readonly store: Store;
  readonly clock: Clock;
  readonly blurPeople: boolean;
}): Pictures {
  /** A value that no column takes is in no row. */
  async function ask<Row extends object>(question: Statement, values: readonly unknown[]): Promise<Row | undefined> {
    try {
      const [row] = await store.run<Row>(question, values);
      return row;
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }

  async function findFrame(event: Event, drawing: Drawing): Promise<DrawnFrame | null> {
    const { device_id, lane, occurred_at } = event;
    const endedAt = event.ended_at ?? occurred_at;
    const found =
      drawing.kind === 'motion'
        ? await ask<CaptureRow>(sql.findPeak, [
            ...[device_id, lane, new Date(occurred_at), new Date(endedAt)],
            drawing.peakScore,
          ])
        : await ask<CaptureRow>(sql.findShown, [
            ...[drawing.frameId, device_id],
            ...[new Date(occurred_at - AROUND_MS), new Date(endedAt + AROUND_MS)],
          ]);
    if (!found?.blob_key) return null;
    return { frameId: found.frame_id, blobKey: found.blob_key, atMs: found.captured_at.getTime() };
  }

  /** Null where nobody has told yet what is in it. */
  async function findPeople({ frameId, atMs }: DrawnFrame): Promise<readonly Box[] | null> {
    type Row = { readonly objects: readonly { readonly class_name: string; readonly box: Box }[] | null };
    const row = await ask<Row>(sql.people, [frameId, new Date(atMs)]);
    return row ? (row.objects ?? []).filter(({ class_name }) => class_name === 'person').map(({ box }) => box) : null;
  }

  /**
   * What makes the row is in the log before the event is, or with it. So once the aggregator has read on to records
   * younger than the event, the row is there, or never will be. A log tells ages roughly, and by other clocks: half is
   * enough.
   */
  async function mayStillCome(topics: readonly TopicName[], appendedAtMs: number): Promise<boolean> {
    const ageMs = clock.nowMs() - appendedAtMs;
    if (ageMs < ROW_WITHIN_MS) return true;
    const lags = await Promise.all(topics.map((topic) => log.lag(topic, 'aggregator')));
    return lags.flat().some((lag) => lag.records > 0n && lag.ageMs > ageMs / 2);
  }

  /** What is found at once, or may still come, which is an outage; null for what never will. */
  async function awaited<Found>(
    find: () => Promise<Found | null>,
    {
      what,
      by,
      appendedAtMs,
    }: { readonly what: string; readonly by: readonly TopicName[]; readonly appendedAtMs: number },
  ): Promise<Found | null> {
    const found = await find();
    if (found !== null) return found;
    if (await mayStillCome(by, appendedAtMs)) throw new Outage(what, 'the aggregator has not written its row');
    // It may have come while that was asked.
    return await find();
  }

  async function isErased(
    { device_id, type, occurred_at, ended_at }: Event,
    frameAtMs: number | null,
  ): Promise<boolean> {
    const times = [occurred_at, ended_at, frameAtMs].map((ms) => (ms === null ? null : new Date(ms)));
    return (await ask<{ erased: boolean }>(sql.erased, [device_id, type, ...times]))?.erased ?? false;
  }

  async function ordinalOf(event: Event, times: number): Promise<number | null> {
    const { event_id, occurred_at, device_id, type, lane } = event;
    for (let asked = 1; ; asked++) {
      const values = [event_id, new Date(occurred_at), device_id, type, lane];
      const row = await ask<{ ordinal: number | null }>(sql.name, values);
      if (row && row.ordinal !== null) return row.ordinal;
      if (asked >= times) return null;
      await sleep(ASK_AGAIN_MS);
    }
  }

  /** Before its picture is drawn, so that it is found by its row. Null for an event that has none and will have none. */
  async function nameOf(event: Event, appendedAtMs: number): Promise<string | null> {
    let times = ASKED_MAX;
    const find = async () => {
      const ordinal = await ordinalOf(event, times);
      times = 1;
      return ordinal;
    };
    const what = `the row of ${event.type} ${event.event_id}`;
    const ordinal = await awaited(find, { what, by: ['events'], appendedAtMs });
    return ordinal === null ? null : snapshotKey({ ...event, ordinal });
  }

  /** After the picture is durable: by what the row says, the picture goes when its time is over. */
  async function refer({ event_id, occurred_at }: Event, key: string): Promise<boolean> {
    const found = await store.run(sql.mark, [event_id, new Date(occurred_at), key]);
    if (found.length > 0) return true;
    // The row has gone meanwhile, and nobody would ever find its picture.
    await blobs.delete(key);
    return false;
  }

  /** Whoever drew it may have died before they could ask whether it was erased meanwhile. */
  async function forgetDrawn(event: Event): Promise<void> {
    const ordinal = (await ordinalOf(event, 1)) ?? (event.type === 'motion' ? 0 : null);
    if (ordinal !== null) await blobs.delete(snapshotKey({ ...event, ordinal }));
  }

  return {
    async keep(event, drawing, appendedAtMs) {
      if (!isKey(snapshotKey(event)))
        return { outcome: 'no-name', reason: 'its device and time make no name of a blob' };
      if (await isErased(event, null)) {
        await forgetDrawn(event);
        return ERASED;
      }
      const key = await nameOf(event, appendedAtMs);
      if (key === null) return GONE;
      // Asked once the picture is in its place: whoever erases it after that finds it there.
      const kept = async (outcome: 'stored' | 'exists', frameAtMs: number | null): Promise<Kept> => {
        if (await isErased(event, frameAtMs)) {
          await blobs.delete(key);
          return ERASED;
        }
        return (await refer(event, key)) ? { outcome } : GONE;
      };
      if (await blobs.head(key)) return kept('exists', null);

      const shows = { what: `the frame that shows ${event.type} ${event.event_id}`, by: ROW_COMES_BY, appendedAtMs };
      const frame = await awaited(() => findFrame(event, drawing), shows);
      if (frame === null) return { outcome: 'no-capture', reason: 'no capture shows it' };
      const people = blurPeople ? await awaited(() => findPeople(frame), shows) : [];
      if (people === null) return { outcome: 'people-unknown', reason: 'it is not known who is in it, to be blurred' };
      const jpeg = isKey(frame.blobKey) ? await blobs.get(frame.blobKey) : null;
      if (!jpeg) return { outcome: 'picture-missing', reason: `there is no ${frame.blobKey} in the blob store` };

      const opened = await openPicture(jpeg);
      if ('code' in opened) return { outcome: opened.code, reason: opened.message };
      const picture = people.length === 0 ? opened : blurred(opened, people);
      const { atMs } = frame;
      const png =
        drawing.kind === 'motion'
          ? await drawMotion({ picture, boxes: drawing.boxes, atMs })
          : await drawThing(picture, drawing.thing);
      return kept(await blobs.put(key, png), atMs);
    },
  };
}
