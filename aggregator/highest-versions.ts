import type { Event } from '../schemas/types.ts';
import type { Read } from './read-record.ts';

/** One statement may touch a row once: of the versions of an event in a batch, the highest. */
export function highestVersions(reads: readonly Read<Event>[]): readonly Read<Event>[] {
  const highest = new Map<string, Read<Event>>();
  for (const read of reads) {
    const before = highest.get(read.value.event_id);
    if (!before || before.value.version < read.value.version) highest.set(read.value.event_id, read);
  }
  return [...highest.values()];
}
