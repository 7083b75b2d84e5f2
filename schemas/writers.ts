import type { TopicName } from './topics.ts';

/** Who writes what; a topic that is not here is written by nobody yet. */
export const writers = [
  { service: 'ingest', topic: 'frames' },
  { service: 'ingest', topic: 'backlog' },
  { service: 'ingest', topic: 'device-status' },
  { service: 'processor', topic: 'frames' },
  { service: 'processor', topic: 'backlog' },
  { service: 'processor', topic: 'observations' },
  { service: 'processor', topic: 'events' },
  { service: 'processor', topic: 'tracker-state' },
  { service: 'processor', topic: 'dead-letters' },
  { service: 'console', topic: 'frames' },
  { service: 'console', topic: 'backlog' },
  { service: 'console', topic: 'device-config' },
  { service: 'console', topic: 'observations' },
  { service: 'console', topic: 'events' },
  { service: 'console', topic: 'dead-letters' },
  { service: 'aggregator', topic: 'events' },
] as const satisfies readonly { readonly service: string; readonly topic: TopicName }[];
