import { type Static, type TSchema, Type } from 'typebox';
import { nullable } from '../http/answer-types.ts';
import type { Fault } from '../http/validation.ts';
import { DEVICE_ID } from '../schemas/identity.ts';
import type { Heartbeat } from '../schemas/types.ts';
import { BOOT_ID, NUMBER_MAX, SEQ, words } from './frame-meta.ts';

/** Of one heartbeat: with so many, the body is as large as a body may be. */
const RANGES_MAX = 1_000;
/** All that is said beyond the known fields. */
const EXTRA_CHARS_MAX = 4_096;
/** Thirty years. */
const UPTIME_S_MAX = 1_000_000_000;

/** What a device does not know it leaves out, or says null. */
const known = <Schema extends TSchema>(schema: Schema) => Type.Optional(nullable(schema));
const count = Type.Integer({ minimum: 0, maximum: NUMBER_MAX });

const fields = {
  boot_id: known(BOOT_ID),
  uptime_s: known(Type.Integer({ minimum: 0, maximum: UPTIME_S_MAX })),
  ntp_synced: known(Type.Boolean()),
  rssi: known(Type.Integer({ minimum: -32_768, maximum: 32_767 })),
  free_heap: known(count),
  sd_free_bytes: known(count),
  queue_depth: known(count),
  dropped_ranges: known(
    Type.Array(Type.Object({ from_seq: SEQ, to_seq: SEQ }), {
      maxItems: RANGES_MAX,
      description: 'frames that were given up, told until a heartbeat with them is answered',
    }),
  ),
  battery_mv: known(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  temperature_c: known(Type.Number({ minimum: -1_000, maximum: 1_000 })),
  fw_version: known(words(100)),
  last_error: known(words(1_000)),
};

export const heartbeatBody = Type.Object(
  { device_id: known(Type.String({ pattern: DEVICE_ID, description: 'the device' })), ...fields },
  { title: 'Heartbeat', description: 'How a device is doing. Fields that are not known here are kept too.' },
);

export type HeartbeatBody = Static<typeof heartbeatBody>;

/** What is wrong that the schema cannot say. The body may be anything: the schema may not have liked it. */
export function heartbeatFaults(body: unknown): Fault[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return [];
  const ranges = 'dropped_ranges' in body && Array.isArray(body.dropped_ranges) ? body.dropped_ranges : [];
  const faults = ranges.slice(0, RANGES_MAX).flatMap((range, at): Fault[] => {
    if (!(range?.from_seq > range?.to_seq)) return [];
    return [{ in: 'body', pointer: `#/dropped_ranges/${at}/to_seq`, detail: 'must not be less than from_seq' }];
  });
  if (extraJson(body) !== null) return faults;
  const detail = `has more than ${EXTRA_CHARS_MAX} characters in fields that are not known here`;
  return [...faults, { in: 'body', pointer: '#', detail }];
}

/** What is appended of a body that has no faults. */
export function heartbeatRecord(body: HeartbeatBody, deviceId: string, nowMs: number): Heartbeat {
  return {
    device_id: deviceId,
    received_at: nowMs,
    boot_id: body.boot_id ?? null,
    uptime_s: body.uptime_s ?? null,
    ntp_synced: body.ntp_synced ?? null,
    rssi: body.rssi ?? null,
    free_heap: body.free_heap ?? null,
    sd_free_bytes: body.sd_free_bytes ?? null,
    queue_depth: body.queue_depth ?? null,
    dropped_ranges: body.dropped_ranges?.map(({ from_seq, to_seq }) => ({ from_seq, to_seq })) ?? null,
    battery_mv: body.battery_mv ?? null,
    temperature_c: body.temperature_c ?? null,
    fw_version: body.fw_version ?? null,
    last_error: body.last_error ?? null,
    extra_json: extraJson(body) ?? '{}',
  };
}

/** Null when there is more of it than is kept. */
function extraJson(body: object): string | null {
  const extra = Object.entries(body).filter(([name]) => name !== 'device_id' && !Object.hasOwn(fields, name));
  try {
    const json = JSON.stringify(Object.fromEntries(extra));
    return json.length > EXTRA_CHARS_MAX ? null : json;
  } catch (error) {
    // Nested deeper than the stack is deep.
    if (error instanceof RangeError) return null;
    throw error;
  }
}
