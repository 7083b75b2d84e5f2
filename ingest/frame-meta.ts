import { type Static, Type } from 'typebox';
import { createAjv, type Fault, placeFaults, pointerTo } from '../http/validation.ts';
import { DEVICE_ID } from '../schemas/identity.ts';
import type { Boots } from './boots.ts';
import { captureTime, type StatedTime } from './capture-time.ts';

/** Greater numbers are ones that no record carries: schemas/check-body.ts says why. */
export const NUMBER_MAX = 2 ** 52 - 1;
export const SEQ = Type.Integer({
  minimum: 0,
  maximum: NUMBER_MAX,
  description: 'a number that grows with each picture, for as long as the device has its token',
});
export const STATED_TIME = Type.Union([Type.String({ format: 'date-time', maxLength: 40 }), Type.Integer()], {
  description: 'when the picture was taken: ISO 8601 with its zone, or milliseconds since 1970',
});
export const BOOT_ID = Type.String({
  pattern: '^[\\w.:-]{1,64}$',
  description: 'up to 64 letters, digits, . _ : -, another one after each boot',
});
/** Thirty years. */
const UPTIME_MS = Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 });
export const words = (maxLength: number) =>
  Type.String({ maxLength, pattern: '^[^\\u0000\\ud800-\\udfff]*$', description: `up to ${maxLength} characters` });

/** How a device without a clock tells when: by what its uptime counter says. */
export const SINCE_BOOT = {
  boot_id: Type.Optional(BOOT_ID),
  uptime_ms: Type.Optional(UPTIME_MS),
  /** At the sending, by which the boot's own time is found. */
  sent_uptime_ms: Type.Optional(UPTIME_MS),
};

/** The part `meta` of a frame. */
export const frameMeta = Type.Object(
  {
    device_id: Type.String({ pattern: DEVICE_ID, description: 'the device' }),
    capture_ts: STATED_TIME,
    seq: SEQ,
    width: Type.Integer({ minimum: 1, maximum: 65_535 }),
    height: Type.Integer({ minimum: 1, maximum: 65_535 }),
    jpeg_quality: Type.Integer({ minimum: 0, maximum: 100 }),
    rssi: Type.Optional(Type.Integer({ minimum: -32_768, maximum: 32_767 })),
    fw_version: Type.Optional(words(100)),
    notes: Type.Optional(words(1_000)),
    ntp_synced: Type.Optional(Type.Boolean()),
    ...SINCE_BOOT,
  },
  { description: 'What a device says of a frame' },
);

export type FrameMeta = Static<typeof frameMeta>;

const validate = createAjv({}).compile<FrameMeta>(frameMeta);

/** The meta, or all that is wrong with it. */
export function readMeta(given: unknown): FrameMeta | readonly Fault[] {
  let meta = given;
  try {
    if (typeof given === 'string') meta = JSON.parse(given);
  } catch {
    return [{ in: 'body', pointer: '#/meta', detail: 'is not JSON' }];
  }
  if (validate(meta)) return meta;
  return placeFaults(validate.errors ?? []).map(({ path, detail }) => ({
    in: 'body',
    pointer: pointerTo(['meta', ...path]),
    detail,
  }));
}

interface Timed {
  readonly ntp_synced?: boolean;
  readonly boot_id?: string;
  readonly uptime_ms?: number;
  readonly sent_uptime_ms?: number;
}

/** What the device says of the time, with its boot's own time looked up. */
export async function statedTime(
  { boots, nowMs }: { readonly boots: Boots; readonly nowMs: number },
  deviceId: string,
  stated: string | number,
  { ntp_synced: ntpSynced = false, boot_id: bootId, uptime_ms: uptimeMs, sent_uptime_ms: sentUptimeMs }: Timed,
): Promise<StatedTime> {
  const ms = typeof stated === 'number' ? stated : Date.parse(stated);
  // A leap second has a form and no number.
  const statedMs = Number.isSafeInteger(ms) && Math.abs(ms) <= NUMBER_MAX ? ms : null;
  if (bootId === undefined || uptimeMs === undefined) return { statedMs, ntpSynced };
  const synchronised = statedMs !== null && captureTime({ statedMs, ntpSynced }, nowMs).timeQuality === 'ntp';
  const bootedAtMs = await boots.bootedAt({
    deviceId,
    bootId,
    synchronised,
    bootedAtMs: synchronised ? statedMs - uptimeMs : sentUptimeMs === undefined ? null : nowMs - sentUptimeMs,
  });
  return { statedMs, ntpSynced, sinceBoot: bootedAtMs === null ? null : { bootedAtMs, uptimeMs } };
}
