import type { TopicName } from './topics.ts';

/** Who writes what; a topic that is not here is written by nobody yet. */
export const writers = [
  { service: 'ingest', topic: 'frames' },
  { service: 'ingest', topic: 'backlog' },
  { service: 'processor', topic: 'observations' },
  { service: 'processor', topic: 'events' },
  { service: 'processor', topic: 'tracker-state' },
  { service: 'processor', topic: 'dead-letters' },
] as const satisfies readonly { readonly service: string; readonly topic: TopicName }[];
