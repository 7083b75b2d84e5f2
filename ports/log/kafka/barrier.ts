import { randomUUID } from 'node:crypto';
import type { PlacedOutput } from '../consume-partition.ts';
import type { StoredRecord } from '../log.ts';

/**
 * Where a changelog ends cannot be told by offsets: the last ones may be transaction markers, which are never
 * delivered, and compaction leaves holes. So the new owner writes a record of its own, and has read everything when it
 * reads that.
 */
export interface Barrier {
  readonly output: PlacedOutput;
  isIn(record: StoredRecord): boolean;
}

const PREFIX = '~restored-by ';
const HEADER = 'barrier';

export function createBarrier(topic: string, partition: number, group: string): Barrier {
  const nonce = randomUUID();
  const key = `${PREFIX}${group}`;
  // Without a value, so that compaction takes it away.
  const record = { key, value: null, headers: { [HEADER]: nonce } };
  return {
    output: { topic, partition, record },
    isIn: ({ headers }) => headers?.[HEADER] === nonce,
  };
}
