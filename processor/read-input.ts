import type { StoredRecord } from '../ports/log/log.ts';
import { type Codec, UndecodableRecord } from '../schemas/codec.ts';
import { DEVICE_ID } from '../schemas/identity.ts';
import type { Frame } from '../schemas/types.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import type { Erased } from './forget.ts';
import type { TurnFrame } from './line-up.ts';

/** What a record of a lane's topic says. */
export type Input =
  | { readonly kind: 'frame'; readonly deviceId: string; readonly frame: Frame }
  | { readonly kind: 'redrive'; readonly deviceId: string; readonly frame: TurnFrame }
  | { readonly kind: 'configuration'; readonly deviceId: string; readonly configuration: Configuration }
  | { readonly kind: 'tick'; readonly deviceId: string; readonly atMs: number }
  | { readonly kind: 'erase'; readonly deviceId: string; readonly erased: Erased }
  | { readonly kind: 'poison'; readonly code: string; readonly message: string }
  | { readonly kind: 'ignored' };

/** Another one would be the key, and a part, of all that is told of the device's frames, and of its state. */
const allowed = new RegExp(DEVICE_ID);

export function isDeviceId(text: string): boolean {
  return allowed.test(text);
}

export function readInput({ value }: Pick<StoredRecord, 'value'>, codec: Pick<Codec, 'decode'>): Input {
  if (value === null) return poison('no-value', 'the record has no value');
  try {
    const record = codec.decode(value);
    if (record.name !== 'frame' && record.name !== 'control') return { kind: 'ignored' };
    const { device_id: deviceId } = record.value;
    if (!isDeviceId(deviceId)) return poison('bad-device-id', 'no device can be called that');
    if (record.name === 'frame') return { kind: 'frame', deviceId, frame: record.value };
    const { body } = record.value;
    if (body.kind === 'TickControl') return { kind: 'tick', deviceId, atMs: body.at };
    if (body.kind === 'RedriveControl') return { kind: 'redrive', deviceId, frame: { ...body, device_id: deviceId } };
    if (body.kind === 'EraseControl') {
      const { person_id: personId, from: fromMs, to: toMs } = body;
      return { kind: 'erase', deviceId, erased: { personId, fromMs, toMs } };
    }
    const configuration = readConfiguration(body);
    if (!configuration) return poison('unreadable-settings', 'the settings are no JSON object, or far too long');
    return { kind: 'configuration', deviceId, configuration };
  } catch (error) {
    if (error instanceof UndecodableRecord) return poison(error.code, error.message);
    throw error;
  }
}

function poison(code: string, message: string): Input {
  return { kind: 'poison', code, message };
}
