import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log, StoredRecord } from '../../ports/log/log.ts';

/** Everything that is in a topic now, each partition in its order. */
export async function readTopic(log: Log, topic: string): Promise<StoredRecord[]> {
  const group = `crash-${randomUUID()}`;
  const partitions = new Map<number, StoredRecord[]>();
  const stop = new AbortController();
  const reading = log.consume<null>(
    {
      topic,
      group,
      batchRecordsMax: 1_000,
      open: async () => ({ state: null }),
      step: async (state, { partition, records }) => {
        partitions.set(partition, [...(partitions.get(partition) ?? []), ...records]);
        return { state, outputs: [] };
      },
    },
    stop.signal,
  );
  const waits = async () => (await log.lag(topic, group)).some(({ records }) => records > 0n);
  // A broker that has just been started again may not lead its partitions yet.
  while (await waits().catch(() => true)) await sleep(100);
  stop.abort();
  await reading;
  return [...partitions.values()].flat();
}
