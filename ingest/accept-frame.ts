import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Blobs } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import { Outage } from '../ports/errors.ts';
import type { Log } from '../ports/log/log.ts';
import { headersOf, type Trace } from '../ports/tracing/trace.ts';
import { type Tracing, within } from '../ports/tracing/tracing.ts';
import type { Codec } from '../schemas/codec.ts';
import { frameId } from '../schemas/identity.ts';
import { captureTime, type StatedTime } from './capture-time.ts';
import { type Claim, type Claims, type FrameName, LEASE_MS, UPLOAD_EPOCH } from './claims.ts';

/**
 * The one write path of a frame: claim its identity, put its picture, append its record, confirm. In that order, so
 * that a frame which is acknowledged is durable (promise 1) and one that is sent again takes effect once (promise 2).
 * What a crash leaves before the append, the device's retry completes; what it leaves after, the aggregator. From here on the frame is
 * schemas/frame.avsc, and processor/run-partition.ts reads it.
 */
export interface SentFrame {
  readonly deviceId: string;
  /** The device's own number for it, which makes it what it is; null where the device gives none. */
  readonly identity: { readonly epoch: number; readonly seq: number } | null;
  readonly time: StatedTime;
  readonly jpeg: Buffer;
  /** What the picture's name begins with; or where it lies already, if the device has put it there itself. */
  readonly blob: { readonly stem: string } | { readonly storedAt: string };
  /** The dialect it came in. */
  readonly source: string;
  /** Of the request that brings it. */
  readonly trace: Trace;
}

export interface AcceptedFrame {
  /** `erased`: it is known, and was not stored. */
  readonly status: 'queued' | 'duplicate' | 'erased';
  readonly frameId: string;
}

/** `conflict`: another picture has this seq. `refused`: there is no such device any more. */
export type AcceptFrame = (frame: SentFrame) => Promise<AcceptedFrame | 'conflict' | 'refused'>;

interface Dependencies {
  readonly claims: Claims;
  readonly blobs: Blobs;
  readonly log: Log;
  readonly clock: Clock;
  readonly codec: Codec;
  readonly tracing?: Tracing | null;
  /** Told of an outage between the append and the confirmation; until the aggregator has read the frame, a retry is not known as one. */
  onUnconfirmed?(error: unknown): void;
}

const ASK_AGAIN_MS = 200;
const WAIT_MAX_MS = 2 * LEASE_MS;

export function createAcceptFrame(dependencies: Dependencies): AcceptFrame {
  const { claims, blobs, log, clock, codec, tracing = null, onUnconfirmed = () => undefined } = dependencies;
  return async ({ deviceId, identity, time, jpeg, blob, source, trace }) => {
    const digest = hash('sha256', jpeg, 'buffer');
    const { epoch, seq } = identity ?? { epoch: UPLOAD_EPOCH, seq: null };
    const { statedMs } = time;
    const claim = await within(tracing, 'claim', trace, async (span) => {
      const claimed = await claimOrWait({ deviceId, epoch, seq, statedMs, digest }, time);
      span?.note({ 'passerby.outcome': claimed.outcome });
      return claimed;
    });
    if (claim.outcome === 'conflict' || claim.outcome === 'refused') return claim.outcome;
    const id = frameId(deviceId, epoch, claim.seq);
    if (claim.outcome === 'duplicate') return { status: 'duplicate', frameId: id };
    if (claim.outcome === 'erased') {
      // The device is to forget it too, and the ledger to know that it is not missing.
      if ('storedAt' in blob) await blobs.delete(blob.storedAt);
      await claims.confirm({ deviceId, epoch, seq: claim.seq });
      return { status: 'erased', frameId: id };
    }

    const blobKey = await within(tracing, 'put picture', trace, () =>
      'storedAt' in blob ? keepStored(blob.storedAt, jpeg) : putPicture(blob.stem, jpeg, digest.toString('hex')),
    );
    const value = codec.encode('frame', {
      frame_id: id,
      device_id: deviceId,
      epoch,
      seq: claim.seq,
      captured_at: claim.capturedAtMs,
      device_time: statedMs ?? time.sinceBoot?.uptimeMs ?? null,
      time_quality: claim.timeQuality,
      received_at: claim.receivedAtMs,
      blob_key: blobKey,
      size_bytes: jpeg.length,
      sha256: digest,
      source,
      lane: claim.lane,
    });
    const topic = claim.lane === 'live' ? 'frames' : 'backlog';
    await log.append(topic, [{ key: deviceId, value, headers: headersOf(trace) }]);
    // Nobody needs to wait for it: whatever becomes of it, the aggregator confirms what it finds in the log.
    claims.confirm({ deviceId, epoch, seq: claim.seq }).catch(onUnconfirmed);
    return { status: 'queued', frameId: id };
  };

  /** Another request with the same frame either confirms it or dies; both are known when its lease is over. */
  async function claimOrWait(name: FrameName, time: StatedTime): Promise<Claim> {
    for (let waitedMs = 0; ; waitedMs += ASK_AGAIN_MS) {
      const nowMs = clock.nowMs();
      const claim = await claims.claim({ ...name, ...captureTime(time, nowMs) }, nowMs);
      if (claim.outcome !== 'busy') return claim;
      if (waitedMs >= WAIT_MAX_MS) throw new Outage(`a frame of ${name.deviceId} is still being stored`, 'busy');
      await sleep(ASK_AGAIN_MS);
    }
  }

  /** It was there when it was read. One that nobody has claimed for a day may have been deleted since. */
  async function keepStored(key: string, jpeg: Buffer): Promise<string> {
    if (!(await blobs.head(key))) await blobs.put(key, jpeg);
    return key;
  }

  /** Two different pictures of one name both stay: the later one's carries its digest. */
  async function putPicture(stem: string, jpeg: Buffer, hex: string): Promise<string> {
    for (const suffix of ['', `-${hex.slice(0, 8)}`, `-${hex}`]) {
      const key = `${stem}${suffix}.jpg`;
      if ((await blobs.put(key, jpeg)) === 'stored') return key;
      // It may be our own, from a try that died before its confirmation.
      if ((await blobs.get(key))?.equals(jpeg)) return key;
    }
    throw new Error(`${stem}-${hex}.jpg holds another picture than its name says`);
  }
}
