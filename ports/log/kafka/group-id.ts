/**
 * A group has a place of its own in each topic; in Kafka that is a group for each, so that a reader who comes or goes
 * makes nobody pause who reads something else.
 */
export function groupId({ group, topic }: { readonly group: string; readonly topic: string }): string {
  return `passerby.${group}.${topic}`;
}
