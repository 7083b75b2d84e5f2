import { setTimeout as sleep } from 'node:timers/promises';

const WITHIN_MS = 15_000;
const PAUSE_MS = 50;
const NOT_YET = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'NOT_COORDINATOR_FOR_GROUP',
  'CONCURRENT_TRANSACTIONS',
]);

/**
 * Asks again while the answer is that it is too early. Topics, leaders and coordinators are told of a moment before
 * they serve, and the markers of a transaction are still on their way when it is over; kafkajs waits for some of this,
 * and not everywhere.
 */
export async function untilServed<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (const giveUpMs = performance.now() + WITHIN_MS; ; await sleep(PAUSE_MS)) {
    try {
      return await ask();
    } catch (error) {
      if (!NOT_YET.has((error as { type?: string }).type ?? '') || performance.now() > giveUpMs) throw error;
    }
  }
}
