import type { TopicName } from './topics.ts';

/** Who reads what, by the name under which its place is kept: what has lag. */
export interface Reader {
  readonly group: string;
  readonly topic: TopicName;
}

export const readers = [
  { group: 'processor-live', topic: 'frames' },
  { group: 'processor-backlog', topic: 'backlog' },
  { group: 'aggregator', topic: 'frames' },
  { group: 'aggregator', topic: 'backlog' },
  { group: 'aggregator', topic: 'observations' },
  { group: 'aggregator', topic: 'events' },
  { group: 'aggregator', topic: 'dead-letters' },
  { group: 'snapshots', topic: 'events' },
] as const satisfies readonly Reader[];
