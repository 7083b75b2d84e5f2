import type { Clock } from '../ports/clock/clock.ts';
import type { Codec } from '../schemas/codec.ts';
import type { TopicName } from '../schemas/topics.ts';
import { countEvents, noteNumbers } from './count-events.ts';
import { feedEvents } from './feed-events.ts';
import { highestVersions } from './highest-versions.ts';
import { switchMovingToBurst } from './switch-to-burst.ts';
import { finishByDeadLetters, finishByObservations, noteAttempts, writeFrames } from './write-captures.ts';
import { settleDeadLetters, writeDeadLetters } from './write-dead-letters.ts';
import { writeEvents } from './write-events.ts';
import { writeObservations } from './write-observations.ts';
import { writeOccupancy } from './write-occupancy.ts';
import type { WriteBatch } from './write-topic.ts';
import { writeVisits } from './write-visits.ts';

/** What is written of a batch of each topic, in the transaction that moves the offset past it. */
type Writers = Readonly<
  Record<Extract<TopicName, 'frames' | 'backlog' | 'observations' | 'events' | 'dead-letters'>, WriteBatch>
>;

export function createWriters({
  codec,
  clock,
}: {
  readonly codec: Codec;
  readonly clock: Pick<Clock, 'nowMs'>;
}): Writers {
  return {
    frames: (transaction, batch) => writeFrames(transaction, batch.of('frame')),
    backlog: (transaction, batch) => writeFrames(transaction, batch.of('frame')),
    observations: async (transaction, batch) => {
      const reads = batch.of('observation');
      // Letters before captures, as the console locks them.
      const observations = reads.map(({ value }) => value);
      await settleDeadLetters(transaction, observations, clock.nowMs());
      await noteAttempts(transaction, batch.of('attempt'));
      await finishByObservations(transaction, reads);
      await writeObservations(transaction, reads);
    },
    events: async (transaction, batch) => {
      const nowMs = clock.nowMs();
      const reads = batch.of('event');
      const highest = highestVersions(reads);
      const written = await writeEvents(transaction, { told: reads, highest }, nowMs);
      const news = written.filter(({ is_new }) => is_new);
      await countEvents(transaction, news);
      await writeVisits(transaction, highest, nowMs);
      await writeOccupancy(transaction, highest);
      await switchMovingToBurst(transaction, reads, nowMs);
      await noteNumbers(transaction, news);
      await feedEvents(transaction, written, nowMs);
    },
    'dead-letters': async (transaction, batch) => {
      const reads = batch.of('dead-letter');
      // In the same order.
      const letters = reads.map(({ value }) => value);
      await writeDeadLetters(transaction, letters, clock.nowMs());
      await finishByDeadLetters(transaction, reads, codec);
    },
  };
}
