import { type DevicesUnderTest, openDevices } from '../http/access/devices/devices-under-test.ts';
import type { Blobs } from '../ports/blobs/blobs.ts';
import { createManualClock, type ManualClock } from '../ports/clock/manual.ts';
import type { Log } from '../ports/log/log.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import { statement } from '../ports/store/statement.ts';
import type { Tracing } from '../ports/tracing/tracing.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { logTopics } from '../schemas/topics.ts';
import type { Frame } from '../schemas/types.ts';
import { type AcceptedFrame, createAcceptFrame, type SentFrame } from './accept-frame.ts';
import { type Claims, createClaims } from './claims.ts';

const eraseRange = statement(import.meta.url, './sql/test-erase-range.sql');

export interface Parts {
  readonly claims: Claims;
  readonly blobs: Blobs;
  readonly log: Log;
  readonly tracing?: Tracing;
}

interface ClaimRow {
  readonly device_id: string;
  readonly seq: number;
  readonly lane: string;
  readonly confirmed: boolean;
  readonly captured_at: Date;
  readonly received_at: Date;
}

export interface IngestRig {
  readonly services: ServicesUnderTest;
  readonly clock: ManualClock;
  readonly devices: DevicesUnderTest;
  /** The write path as a process of its own has it; `change` puts faults into its parts. */
  open(change?: (parts: Parts) => Partial<Parts>): Promise<(frame: SentFrame) => Promise<AcceptedFrame>>;
  /** As the console puts it on the list. */
  erase(deviceId: string, fromMs: number, toMs: number): Promise<void>;
  framesOf(deviceId: string): Promise<readonly (Frame & { readonly topic: string })[]>;
  claimsOf(deviceId: string): Promise<readonly ClaimRow[]>;
  blobKeysOf(deviceId: string): Promise<readonly string[]>;
}

/** The real database, log and blob folder behind ingest, and a clock that the test drives. */
export async function startIngestRig(): Promise<IngestRig> {
  const services = await startServices({
    migrations: new URL('../aggregator/migrations/', import.meta.url),
    topics: logTopics,
  });
  const clock = createManualClock(Date.UTC(2026, 4, 1, 12));
  const devices = await openDevices({ store: services.store, nowMs: clock.nowMs });
  return {
    services,
    clock,
    devices,
    async open(change = () => ({})) {
      const parts = {
        claims: createClaims({ store: services.openStore('ingest') }),
        blobs: services.openBlobs(),
        log: await services.openLog(clock),
      };
      const changed = { ...parts, ...change(parts) };
      const confirming = new Set<Promise<void>>();
      const confirm: Claims['confirm'] = (frame) => {
        const confirmed = changed.claims.confirm(frame);
        confirming.add(confirmed);
        return confirmed;
      };
      const claims = { ...changed.claims, confirm };
      const acceptFrame = createAcceptFrame({ ...changed, claims, clock, codec: fixedCodec });
      return async (frame) => {
        await devices.enrol(frame.deviceId);
        const accepted = await acceptFrame(frame);
        // Nobody waits for it otherwise.
        await Promise.allSettled(confirming);
        if (typeof accepted === 'string') throw new Error(accepted);
        return accepted;
      };
    },
    async erase(deviceId, fromMs, toMs) {
      const values = [deviceId, new Date(fromMs), new Date(toMs)];
      await services.store.run(eraseRange, values);
    },
    async framesOf(deviceId) {
      const records = await services.rows<{ topic: string; key: string; value: Buffer }>('log.records');
      return records.flatMap(({ topic, key, value }) => {
        const record = fixedCodec.decode(value);
        return key === deviceId && record.name === 'frame' ? [{ ...record.value, topic }] : [];
      });
    },
    async claimsOf(deviceId) {
      const rows = await services.rows<ClaimRow>('frame_claims');
      return rows.filter(({ device_id }) => device_id === deviceId).sort((a, b) => a.seq - b.seq);
    },
    async blobKeysOf(deviceId) {
      const keys: string[] = [];
      for await (const key of services.openBlobs().list(`images/${deviceId}/`)) keys.push(key);
      return keys;
    },
  };
}

/** Bytes that begin as a JPEG does; ingest looks no further. */
export function picture(content: string): Buffer {
  return Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(content)]);
}

export function sent(deviceId: string, statedMs: number, content = 'a picture'): SentFrame {
  return {
    deviceId,
    identity: null,
    time: { statedMs },
    jpeg: picture(content),
    blob: { stem: `images/${deviceId}/${statedMs}` },
    source: 'upload',
    trace: { traceId: 'a'.repeat(32), traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
  };
}
