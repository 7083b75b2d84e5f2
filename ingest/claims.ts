import { coalesce } from '../ports/coalesce.ts';
import { statement } from '../ports/store/statement.ts';
import type { Store } from '../ports/store/store.ts';
import type { Lane, TimeQuality } from '../schemas/types.ts';

/** How a frame is known before it is claimed. */
export interface FrameName {
  readonly deviceId: string;
  readonly epoch: number;
  /** Null for an upload, which is known by its stated time and its picture, and gets the next seq of `UPLOAD_EPOCH`. */
  readonly seq: number | null;
  /** Milliseconds as the device stated them, whatever they mean. */
  readonly statedMs: number | null;
  /** The picture's SHA-256. */
  readonly digest: Buffer;
}

export interface TimedFrame extends FrameName {
  readonly capturedAtMs: number;
  readonly timeQuality: TimeQuality;
}

export interface Claim {
  /**
   * `conflict`: another picture has this seq. `refused`: there is no such device any more. `erased`: it is of a time that
   * was erased, and nobody is to have it.
   */
  readonly outcome: 'claimed' | 'erased' | 'duplicate' | 'busy' | 'conflict' | 'refused';
  readonly seq: number;
  readonly capturedAtMs: number;
  readonly timeQuality: TimeQuality;
  readonly lane: Lane;
  readonly receivedAtMs: number;
}

export interface FrameIdentity {
  readonly deviceId: string;
  readonly epoch: number;
  readonly seq: number;
}

/**
 * The rules themselves are in aggregator/migrations/0006_frame_claims.sql, where the device's row is locked; for frames
 * that come together, which are new nearly always, in 0010_claim_many.sql.
 */
export interface Claims {
  claim(frame: TimedFrame, nowMs: number): Promise<Claim>;
  /** After the frame's record is in the log: from here on the same frame is a duplicate. The aggregator does it again. */
  confirm(frame: FrameIdentity): Promise<void>;
  /** Whether somebody has ever claimed it. */
  isKnown(frame: FrameIdentity): Promise<boolean>;
}

/** Frames without a seq get theirs in an epoch that no activation hands out. */
export const UPLOAD_EPOCH = 0;

/** Long enough for a put and an append under load; a request that waits for a lapsed claim waits this long. */
export const LEASE_MS = 5_000;
/** Frames this much older than the newest of their device take the backlog lane (promise 6). */
const LATE_AFTER_MS = 2_000;
const BATCH_MAX = 200;
/** Nobody waits for a confirmation, and together they are cheap: what they count is a row for many frames. */
const CONFIRM_EVERY_MS = 100;

const sql = {
  claim: statement(import.meta.url, './sql/claim-frames.sql'),
  confirm: statement(import.meta.url, './sql/confirm-frames.sql'),
  find: statement(import.meta.url, './sql/find-claim.sql'),
};

interface ClaimRow {
  readonly outcome: Claim['outcome'];
  readonly seq: number;
  readonly captured_at: Date | null;
  readonly time_quality: TimeQuality;
  readonly lane: Lane;
  readonly received_at: Date | null;
}

export function createClaims({
  store,
  logInStore = false,
}: {
  readonly store: Store;
  /** Whether the log is in this same database: then the record's commit brings the claim to the disk too. */
  readonly logInStore?: boolean;
}): Claims {
  const claim = coalesce(async (asked: readonly { frame: TimedFrame; nowMs: number }[]) => {
    const order = [...asked.entries()].sort(([, a], [, b]) => compare(a.frame, b.frame)).map(([at]) => at);
    const frames = order.flatMap((at) => asked[at]?.frame ?? []);
    const rows = await store.run<ClaimRow>(sql.claim, [
      frames.map(({ deviceId }) => deviceId),
      frames.map(({ epoch }) => epoch),
      frames.map(({ seq }) => seq),
      frames.map(({ statedMs }) => statedMs),
      frames.map(({ digest }) => digest),
      frames.map(({ capturedAtMs }) => new Date(capturedAtMs)),
      frames.map(({ timeQuality }) => timeQuality),
      new Date(Math.max(...asked.map(({ nowMs }) => nowMs))),
      LEASE_MS,
      LATE_AFTER_MS,
      !logInStore,
    ]);
    const answers = new Map(order.map((at, place) => [at, rows[place]]));
    return asked.map((_, at) => asClaim(answers.get(at)));
  }, BATCH_MAX);

  const confirm = coalesce(
    async (frames: readonly FrameIdentity[]) => {
      await store.run(sql.confirm, [
        frames.map(({ deviceId }) => deviceId),
        frames.map(({ epoch }) => epoch),
        frames.map(({ seq }) => seq),
      ]);
      return frames.map(() => undefined);
    },
    BATCH_MAX,
    { gatherMs: CONFIRM_EVERY_MS },
  );

  return {
    claim: (frame, nowMs) => claim({ frame, nowMs }),
    confirm,
    isKnown: async ({ deviceId, epoch, seq }) => (await store.run(sql.find, [deviceId, epoch, seq])).length > 0,
  };
}

function asClaim(row: ClaimRow | undefined): Claim {
  if (!row) throw new Error('a frame was claimed without an answer');
  const { captured_at, received_at, time_quality: timeQuality, ...same } = row;
  return { ...same, timeQuality, capturedAtMs: captured_at?.getTime() ?? 0, receivedAtMs: received_at?.getTime() ?? 0 };
}

/** The order in which rows are locked, here and wherever frames are confirmed. */
function compare(a: TimedFrame, b: TimedFrame): number {
  if (a.deviceId !== b.deviceId) return a.deviceId < b.deviceId ? -1 : 1;
  return a.epoch - b.epoch || (a.seq ?? 0) - (b.seq ?? 0);
}
