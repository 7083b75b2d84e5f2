import type { Log, LogTopic } from '../../ports/log/log.ts';

/** The topics of services under names of their own, so that a test has a broker to itself that others use too. */
export function prefixedTopics(topics: readonly LogTopic[], prefix: string): readonly LogTopic[] {
  return topics.map((topic) => ({ ...topic, name: `${prefix}${topic.name}` }));
}

/** A log as services see it that know nothing of the prefix. */
export function prefixedLog(log: Log, prefix: string): Log {
  const named = (topic: string) => `${prefix}${topic}`;
  return {
    ...log,
    append: (topic, records) => log.append(named(topic), records),
    lag: (topic, group) => log.lag(named(topic), group),
    consume: ({ changelog, writes, ...subscription }, signal) =>
      log.consume(
        {
          ...subscription,
          topic: named(subscription.topic),
          ...(changelog !== undefined && { changelog: named(changelog) }),
          ...(writes && { writes: writes.map(named) }),
          async step(state, batch) {
            const stepped = await subscription.step(state, batch);
            const outputs = stepped.outputs.map(({ topic, record }) => ({ topic: named(topic), record }));
            return { ...stepped, outputs };
          },
        },
        signal,
      ),
  };
}
