import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Blobs } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import { Outage } from '../ports/errors.ts';
import type { Log } from '../ports/log/log.ts';
import type { Codec } from '../schemas/codec.ts';
import { frameId } from '../schemas/identity.ts';
import { captureTime } from './capture-time.ts';
import { type Claim, type Claims, LEASE_MS, UPLOAD_EPOCH, type UploadName } from './claims.ts';

/**
 * The one write path of a frame: claim its identity, put its picture, append its record, confirm. In that order, so
 * that a frame which is acknowledged is durable (promise 1) and one that is sent again takes effect once (promise 2).
 * What a crash leaves between any two of these, the device's retry completes. From here on the frame is
 * schemas/frame.avsc, and processor/run-partition.ts reads it.
 */
export interface SentFrame {
  readonly deviceId: string;
  readonly statedMs: number;
  readonly jpeg: Buffer;
  /** The dialect it came in. */
  readonly source: string;
  readonly traceparent: string;
}

export interface AcceptedFrame {
  readonly status: 'queued' | 'duplicate';
  readonly frameId: string;
}

export type AcceptFrame = (frame: SentFrame) => Promise<AcceptedFrame | 'refused'>;

interface Dependencies {
  readonly claims: Claims;
  readonly blobs: Blobs;
  readonly log: Log;
  readonly clock: Clock;
  readonly codec: Codec;
}

const ASK_AGAIN_MS = 200;
const WAIT_MAX_MS = 2 * LEASE_MS;

export function createAcceptFrame({ claims, blobs, log, clock, codec }: Dependencies): AcceptFrame {
  return async ({ deviceId, statedMs, jpeg, source, traceparent }) => {
    const name: UploadName = { deviceId, statedMs, digest: createHash('sha256').update(jpeg).digest() };
    const claim = await claimOrWait(name);
    if (claim === 'refused') return 'refused';
    const id = frameId(deviceId, UPLOAD_EPOCH, claim.seq);
    if (claim.outcome === 'duplicate') return { status: 'duplicate', frameId: id };

    const blobKey = await putPicture(name, jpeg);
    const value = codec.encode('frame', {
      frame_id: id,
      device_id: deviceId,
      epoch: UPLOAD_EPOCH,
      seq: claim.seq,
      captured_at: claim.capturedAtMs,
      device_time: statedMs,
      time_quality: claim.timeQuality,
      received_at: claim.receivedAtMs,
      blob_key: blobKey,
      size_bytes: jpeg.length,
      sha256: name.digest,
      source,
      lane: claim.lane,
    });
    const topic = claim.lane === 'live' ? 'frames' : 'backlog';
    await log.append(topic, [{ key: deviceId, value, headers: { traceparent } }]);
    await claims.confirm(name);
    return { status: 'queued', frameId: id };
  };

  /** Another request with the same frame either confirms it or dies; both are known when its lease is over. */
  async function claimOrWait(name: UploadName): Promise<Claim | 'refused'> {
    for (let waitedMs = 0; ; waitedMs += ASK_AGAIN_MS) {
      const nowMs = clock.nowMs();
      const claim = await claims.claim({ ...name, ...captureTime(name.statedMs, nowMs) }, nowMs);
      if (claim === 'refused' || claim.outcome !== 'busy') return claim;
      if (waitedMs >= WAIT_MAX_MS) throw new Outage(`${name.deviceId}/${name.statedMs} is still being stored`, 'busy');
      await sleep(ASK_AGAIN_MS);
    }
  }

  /** Two different pictures of one millisecond both stay: the later one's name carries its digest. */
  async function putPicture({ deviceId, statedMs, digest }: UploadName, jpeg: Buffer): Promise<string> {
    const hex = digest.toString('hex');
    for (const suffix of ['', `-${hex.slice(0, 8)}`, `-${hex}`]) {
      const key = `images/${deviceId}/${statedMs}${suffix}.jpg`;
      if ((await blobs.put(key, jpeg)) === 'stored') return key;
      // It may be our own, from a try that died before its confirmation.
      if ((await blobs.get(key))?.equals(jpeg)) return key;
    }
    throw new Error(`images/${deviceId}/${statedMs}-${hex}.jpg holds another picture than its name says`);
  }
}
