import { hash } from 'node:crypto';
import pLimit from 'p-limit';
import { partitionFor } from '../../ports/log/partition-for.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import { frameId } from '../../schemas/identity.ts';
import type { TopicName } from '../../schemas/topics.ts';
import { createRandom } from '../simulate/random.ts';
import type { Film } from './film.ts';
import type { Damage, Plan, PlannedFrame } from './plan.ts';
import type { Target } from './target.ts';

/** A record that comes to nothing, and what an operator needs to mend it. */
export interface Spoilt {
  readonly topic: TopicName;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string;
  readonly frameId: string;
  readonly damage: Damage;
  /** As it was appended, and as it should have been. */
  readonly value: Buffer;
  readonly whole: Buffer;
  readonly blobKey: string;
}

const APPENDED_AT_ONCE = 1_000;
const PUTS_AT_ONCE = 8;

/**
 * What ingest would have left behind: pictures, then the records that name them. Frames that show the same name the same
 * picture, save those that are spoilt in one of the runs; and nobody has claimed them, so that there is no ledger.
 * Answers what was spoilt, if it is to be.
 */
export async function fill(
  { log, blobs, partitions }: Target,
  {
    plan,
    film,
    seed,
    spoil,
  }: { readonly plan: Plan; readonly film: Film; readonly seed: number; readonly spoil: boolean },
): Promise<readonly Spoilt[]> {
  const put = pLimit(PUTS_AT_ONCE);
  await blobs.put(EMPTY_KEY, film.empty);
  await Promise.all(film.walk.map((jpeg, step) => put(() => blobs.put(walkKey(step), jpeg))));
  const offsets = new Map<string, bigint>();
  const spoilt: Spoilt[] = [];
  let batch: { readonly topic: TopicName; readonly key: string; readonly value: Buffer }[] = [];
  let puts: Promise<unknown>[] = [];

  async function send() {
    // Pictures first, as a record says that there is one.
    await Promise.all(puts);
    for (const topic of ['frames', 'backlog'] as const) {
      const records = batch.filter((one) => one.topic === topic);
      await log.append(topic, records);
    }
    [batch, puts] = [[], []];
  }

  for (const frame of plan.frames()) {
    const { deviceId: key, lane, seq, step, damage } = frame;
    const topic = lane === 'live' ? 'frames' : 'backlog';
    const partition = partitionFor(key, partitions);
    const place = `${topic}/${partition}`;
    const offset = offsets.get(place) ?? 0n;
    offsets.set(place, offset + 1n);
    const random = createRandom(seed, 'damage', key, seq);
    const shown = step === null ? film.empty : (film.walk[step] as Buffer);
    const isSpoiltPicture = damage?.of === 'picture';
    const jpeg = spoil && isSpoiltPicture ? damage.damage.damage(shown, random) : shown;
    const blobKey = blobKeyOf(frame);
    if (isSpoiltPicture) puts.push(put(() => blobs.put(blobKey, jpeg)));
    const whole = codec.encode('frame', recordOf(frame, blobKey, jpeg));
    const value = spoil && damage?.of === 'record' ? damage.damage.damage(whole, random) : whole;
    if (spoil && damage) {
      const at = { topic, partition, offset, key, frameId: frameIdOf(frame), blobKey } as const;
      spoilt.push({ ...at, damage, value, whole });
    }
    batch.push({ topic, key, value });
    if (batch.length >= APPENDED_AT_ONCE) await send();
  }
  await send();
  return spoilt;
}

const EPOCH = 1;
const EMPTY_KEY = 'poison/empty.jpg';
const walkKey = (step: number) => `poison/walk-${step}.jpg`;

function blobKeyOf({ deviceId, seq, step, damage }: PlannedFrame): string {
  if (damage?.of === 'picture') return `poison/${deviceId}/${seq}.jpg`;
  return step === null ? EMPTY_KEY : walkKey(step);
}

function frameIdOf({ deviceId, seq }: PlannedFrame): string {
  return frameId(deviceId, EPOCH, seq);
}

function recordOf(frame: PlannedFrame, blobKey: string, jpeg: Buffer) {
  const { deviceId, lane, seq, capturedAtMs } = frame;
  return {
    frame_id: frameIdOf(frame),
    device_id: deviceId,
    epoch: EPOCH,
    seq,
    captured_at: capturedAtMs,
    device_time: null,
    time_quality: 'ntp',
    received_at: capturedAtMs,
    blob_key: blobKey,
    size_bytes: jpeg.length,
    sha256: hash('sha256', jpeg, 'buffer'),
    source: 'poison',
    lane,
  } as const;
}
