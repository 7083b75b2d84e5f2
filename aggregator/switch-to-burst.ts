import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import type { Event } from '../schemas/types.ts';
import type { Read } from './read-record.ts';

const switchToBurst = statement(import.meta.url, './sql/switch-to-burst.sql');

/**
 * A device that takes a picture in half a minute has its second moving one up to two minutes after the first, by which
 * motion is dated; and what is told of it takes a while. What is older is last night's, and over.
 */
const RECENT_MS = 3 * 60_000;
/** Whatever settings say: motion that goes on is no reason, only motion that begins. */
const BURST_MAX_S = 600;

/**
 * Where motion has just begun, the device is to look more often for as long as its newest settings say. Ingest tells it
 * when it next asks. In the transaction that writes the events, so that it is done once.
 */
export async function switchMovingToBurst(
  transaction: Queryable,
  reads: readonly Read<Event>[],
  nowMs: number,
): Promise<void> {
  const begun = reads.filter(
    ({ value: { type, version, lane, occurred_at } }) =>
      type === 'motion' && version === 1 && lane === 'live' && occurred_at > nowMs - RECENT_MS,
  );
  if (begun.length === 0) return;
  const devices = [...new Set(begun.map(({ value }) => value.device_id))];
  await transaction.run(switchToBurst, [devices, new Date(nowMs), BURST_MAX_S]);
}
