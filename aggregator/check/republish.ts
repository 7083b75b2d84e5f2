import type { Log } from '../../ports/log/log.ts';
import type { Codec } from '../../schemas/codec.ts';
import { frameId } from '../../schemas/identity.ts';
import type { Frame, Lane, TimeQuality } from '../../schemas/types.ts';
import type { WaitingFrame } from './look.ts';

/** A claim of a frame, as ingest made it. */
export interface Claim {
  readonly device_id: string;
  readonly epoch: number;
  readonly seq: number;
  readonly stated_ms: number | null;
  readonly digest: Buffer;
  readonly captured_at: Date;
  readonly time_quality: TimeQuality;
  readonly lane: Lane;
  readonly received_at: Date;
  readonly lease_until: Date;
  readonly confirmed: boolean;
}

/** What the record says of the dialect in which the frame came, which nobody knows any more. */
const SOURCE = 'check';

export function frameOfClaim(claim: Claim, picture: { readonly key: string; readonly sizeBytes: number }): Frame {
  return {
    frame_id: frameId(claim.device_id, claim.epoch, claim.seq),
    device_id: claim.device_id,
    epoch: claim.epoch,
    seq: claim.seq,
    captured_at: claim.captured_at.getTime(),
    device_time: claim.stated_ms,
    time_quality: claim.time_quality,
    received_at: claim.received_at.getTime(),
    blob_key: picture.key,
    size_bytes: picture.sizeBytes,
    sha256: claim.digest,
    source: SOURCE,
    lane: claim.lane,
  };
}

/** Null where the frame's own record has never come: there is nothing to be said of its picture. */
export function frameOfCapture(row: WaitingFrame): Frame | null {
  const { blob_key, size_bytes, sha256, received_at, time_quality } = row;
  if (blob_key === null || size_bytes === null || !sha256 || !received_at || time_quality === null) return null;
  const { frame_id, device_id, epoch, seq, lane } = row;
  const times = { captured_at: row.captured_at.getTime(), received_at: received_at.getTime() };
  const same = { frame_id, device_id, epoch, seq, lane, blob_key, size_bytes, sha256, time_quality };
  return { ...same, ...times, device_time: null, source: SOURCE };
}

/** As ingest would: a reader that has seen the frame after all drops it. */
export async function appendFrames(
  { log, codec }: { readonly log: Pick<Log, 'append'>; readonly codec: Pick<Codec, 'encode'> },
  frames: readonly Frame[],
): Promise<void> {
  for (const [lane, topic] of [
    ['live', 'frames'],
    ['backlog', 'backlog'],
  ] as const) {
    const records = frames
      .filter((frame) => frame.lane === lane)
      .map((frame) => ({ key: frame.device_id, value: codec.encode('frame', frame) }));
    if (records.length > 0) await log.append(topic, records);
  }
}
