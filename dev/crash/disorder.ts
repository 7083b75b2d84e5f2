import type { StoredRecord } from '../../ports/log/log.ts';
import { fixedCodec } from '../../schemas/codec.ts';

/** Observations of a device that do not come in the order in which its frames lie in the log (promise 4). */
export function findDisorder(frames: readonly StoredRecord[], observations: readonly StoredRecord[]): string[] {
  const places = new Map<string, number>();
  for (const [place, { value }] of frames.entries()) {
    const record = value && fixedCodec.decode(value);
    // A frame that was appended twice counts where it was first.
    if (record?.name === 'frame' && !places.has(record.value.frame_id)) places.set(record.value.frame_id, place);
  }
  const newest = new Map<string, number>();
  return observations.flatMap(({ value }) => {
    const record = value && fixedCodec.decode(value);
    if (record?.name !== 'observation') return [];
    const { frame_id, device_id, lane, seq } = record.value;
    const lanes = `${device_id} ${lane}`;
    const place = places.get(frame_id);
    if (place === undefined) return [`${lanes}: seq ${seq} is observed, and no frame of the log`];
    const before = newest.get(lanes) ?? -1;
    newest.set(lanes, place);
    return place > before ? [] : [`${lanes}: seq ${seq} is observed after a later frame`];
  });
}
