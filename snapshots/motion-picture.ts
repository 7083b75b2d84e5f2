import { setTimeout as sleep } from 'node:timers/promises';
import { type Blobs, isKey } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import { Outage } from '../ports/errors.ts';
import type { Log } from '../ports/log/log.ts';
import { isRefusal } from '../ports/store/refusal.ts';
import { statement } from '../ports/store/statement.ts';
import type { Store } from '../ports/store/store.ts';
import { snapshotKey } from '../schemas/snapshot-key.ts';
import type { TopicName } from '../schemas/topics.ts';
import type { Event, Motion } from '../schemas/types.ts';
import { drawMotion } from './draw-motion.ts';

const sql = {
  find: statement(import.meta.url, './sql/find-picture.sql'),
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

interface CaptureRow {
  readonly blob_key: string | null;
  readonly captured_at: Date;
}

/** The frame that moved most. */
interface PeakFrame {
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

export interface MotionPictures {
  /** Draws the event's picture and stores it, if that is not done. Throws `Outage` for what may yet come. */
  keep(event: Event, appendedAtMs: number): Promise<Kept>;
}

export function createMotionPictures({
  log,
  blobs,
  store,
  clock,
}: {
  readonly log: Log;
  readonly blobs: Blobs;
  readonly store: Store;
  readonly clock: Clock;
}): MotionPictures {
  async function findFrame(event: Event, { peak_score }: Motion): Promise<PeakFrame | null> {
    const span = [new Date(event.occurred_at), new Date(event.ended_at ?? event.occurred_at)];
    try {
      const [found] = await store.run<CaptureRow>(sql.find, [event.device_id, event.lane, ...span, peak_score]);
      return found?.blob_key ? { blobKey: found.blob_key, atMs: found.captured_at.getTime() } : null;
    } catch (error) {
      // A value that no column takes is in no row.
      if (isRefusal(error)) return null;
      throw error;
    }
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

  async function isErased({ device_id, type, occurred_at, ended_at }: Event): Promise<boolean> {
    const values = [device_id, type, new Date(occurred_at), ended_at === null ? null : new Date(ended_at)];
    try {
      const [row] = await store.run<{ erased: boolean }>(sql.erased, values);
      return row?.erased ?? false;
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    }
  }

  async function ordinalOf(event: Event, times: number): Promise<number | null> {
    const { event_id, occurred_at, device_id, type, lane } = event;
    for (let asked = 1; ; asked++) {
      const values = [event_id, new Date(occurred_at), device_id, type, lane];
      const [row] = await store.run<{ ordinal: number | null }>(sql.name, values);
      if (row && row.ordinal !== null) return row.ordinal;
      if (asked >= times) return null;
      await sleep(ASK_AGAIN_MS);
    }
  }

  /** Null for an event that has no row and will have none. Before its picture is drawn, so that it is found by its row. */
  async function nameOf(event: Event, appendedAtMs: number): Promise<string | null> {
    let ordinal = await ordinalOf(event, ASKED_MAX);
    if (ordinal === null && (await mayStillCome(['events'], appendedAtMs))) {
      throw new Outage(`the row of ${event.type} ${event.event_id}`, 'the aggregator has not written it');
    }
    // It may have come while that was asked.
    ordinal ??= await ordinalOf(event, 1);
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

  return {
    async keep(event, appendedAtMs) {
      const { payload } = event;
      if (payload.kind !== 'Motion') return { outcome: 'no-motion', reason: `it tells of ${payload.kind} instead` };
      if (!isKey(snapshotKey(event)))
        return { outcome: 'no-name', reason: 'its device and time make no name of a blob' };
      if (await isErased(event)) return ERASED;
      const key = await nameOf(event, appendedAtMs);
      if (key === null) return GONE;
      // Asked once the picture is in its place: whoever erases it after that finds it there.
      const kept = async (outcome: 'stored' | 'exists'): Promise<Kept> => {
        if (await isErased(event)) {
          await blobs.delete(key);
          return ERASED;
        }
        return (await refer(event, key)) ? { outcome } : GONE;
      };
      if (await blobs.head(key)) return kept('exists');

      let frame = await findFrame(event, payload);
      if (frame === null) {
        if (await mayStillCome(ROW_COMES_BY, appendedAtMs)) {
          throw new Outage(`the frame that shows motion ${event.event_id}`, 'the aggregator has not written its row');
        }
        // The row may have come while that was asked.
        frame = await findFrame(event, payload);
      }
      if (frame === null) return { outcome: 'no-capture', reason: 'no capture shows it' };
      const jpeg = isKey(frame.blobKey) ? await blobs.get(frame.blobKey) : null;
      if (!jpeg) return { outcome: 'picture-missing', reason: `there is no ${frame.blobKey} in the blob store` };

      const png = await drawMotion({ jpeg, boxes: payload.boxes, atMs: frame.atMs });
      if ('code' in png) return { outcome: png.code, reason: png.message };
      return kept(await blobs.put(key, png));
    },
  };
}
