import { coalesce } from '../ports/coalesce.ts';
import { statement } from '../ports/store/statement.ts';
import type { Store } from '../ports/store/store.ts';
import type { Lane, TimeQuality } from '../schemas/types.ts';

/** What a device sent names a frame that came without a seq. */
export interface UploadName {
  readonly deviceId: string;
  /** Milliseconds as the device stated them, whatever they mean. */
  readonly statedMs: number;
  /** The picture's SHA-256. */
  readonly digest: Buffer;
}

export interface Upload extends UploadName {
  readonly capturedAtMs: number;
  readonly timeQuality: TimeQuality;
}

export interface Claim {
  readonly outcome: 'claimed' | 'duplicate' | 'busy';
  readonly seq: number;
  readonly capturedAtMs: number;
  readonly timeQuality: TimeQuality;
  readonly lane: Lane;
  readonly receivedAtMs: number;
}

/** The rules themselves are in aggregator/migrations/0002_claim_upload.sql, where the device's row is locked. */
export interface Claims {
  /** Answers 'refused' when the device is unknown and there may be no more devices. */
  claim(upload: Upload, nowMs: number): Promise<Claim | 'refused'>;
  /** After the frame's record is in the log: from here on the same upload is a duplicate. */
  confirm(name: UploadName): Promise<void>;
}

/** Frames without a seq get theirs in an epoch that no activation hands out. */
export const UPLOAD_EPOCH = 0;

/** Long enough for a put and an append under load; a request that waits for a lapsed claim waits this long. */
export const LEASE_MS = 5_000;
/** Frames this much older than the newest of their device take the backlog lane (promise 6). */
const LATE_AFTER_MS = 2_000;
const BATCH_MAX = 200;

const sql = {
  claim: statement(import.meta.url, './sql/claim-uploads.sql'),
  confirm: statement(import.meta.url, './sql/confirm-uploads.sql'),
};

interface ClaimRow {
  readonly outcome: Claim['outcome'] | 'refused';
  readonly seq: number;
  readonly captured_at: Date;
  readonly time_quality: TimeQuality;
  readonly lane: Lane;
  readonly received_at: Date;
}

export function createClaims({ store, devicesMax }: { readonly store: Store; readonly devicesMax: number }): Claims {
  const claim = coalesce(async (asked: readonly { upload: Upload; nowMs: number }[]) => {
    const order = [...asked.keys()].sort((a, b) => compare(asked[a]?.upload.deviceId, asked[b]?.upload.deviceId));
    const uploads = order.flatMap((at) => asked[at]?.upload ?? []);
    const rows = await store.run<ClaimRow>(sql.claim, [
      uploads.map(({ deviceId }) => deviceId),
      uploads.map(({ statedMs }) => statedMs),
      uploads.map(({ digest }) => digest),
      uploads.map(({ capturedAtMs }) => new Date(capturedAtMs)),
      uploads.map(({ timeQuality }) => timeQuality),
      new Date(Math.max(...asked.map(({ nowMs }) => nowMs))),
      LEASE_MS,
      LATE_AFTER_MS,
      devicesMax,
    ]);
    const answers = new Map(order.map((at, place) => [at, rows[place]]));
    return asked.map((_, at) => asClaim(answers.get(at)));
  }, BATCH_MAX);

  const confirm = coalesce(async (names: readonly UploadName[]) => {
    await store.run(sql.confirm, [
      names.map(({ deviceId }) => deviceId),
      names.map(({ statedMs }) => statedMs),
      names.map(({ digest }) => digest),
      UPLOAD_EPOCH,
    ]);
    return names.map(() => undefined);
  }, BATCH_MAX);

  return { claim: (upload, nowMs) => claim({ upload, nowMs }), confirm };
}

function asClaim(row: ClaimRow | undefined): Claim | 'refused' {
  if (!row) throw new Error('an upload was claimed without an answer');
  if (row.outcome === 'refused') return 'refused';
  return {
    outcome: row.outcome,
    seq: row.seq,
    capturedAtMs: row.captured_at.getTime(),
    timeQuality: row.time_quality,
    lane: row.lane,
    receivedAtMs: row.received_at.getTime(),
  };
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
