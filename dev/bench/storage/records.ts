import type { StoredRecord } from '../../../ports/log/log.ts';
import { partitionFor } from '../../../ports/log/partition-for.ts';
import { fixedCodec } from '../../../schemas/codec.ts';
import { derivedId } from '../../../schemas/identity.ts';
import type { Event } from '../../../schemas/types.ts';

/** Events as a log would give them: as bytes, each in the partition of its device, numbered from `nextOffsets` on. */
export function recordsOf(events: readonly Event[], nextOffsets: readonly bigint[]): readonly StoredRecord[][] {
  const partitions: StoredRecord[][] = nextOffsets.map(() => []);
  for (const event of events) {
    const partition = partitionFor(event.device_id, nextOffsets.length);
    const records = partitions[partition];
    const first = nextOffsets[partition];
    if (!records || first === undefined) throw new Error(`there is no partition ${partition}`);
    // Each came of some request, and of another one than its neighbours.
    const trace = derivedId('bench-trace', event.event_id).replaceAll('-', '');
    records.push({
      key: event.device_id,
      value: fixedCodec.encode('event', event),
      headers: { traceparent: `00-${trace}-00000000000000ab-01` },
      offset: first + BigInt(records.length),
      appendedAtMs: event.ended_at ?? event.occurred_at,
    });
  }
  return partitions;
}
