import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

/**
 * Gives partition 7 of every topic to one member: what is read, and the changelog that belongs to it. Members are in
 * the order of their names, so that groups of the same processes share out alike.
 */
export function coPartition(memberName: string): PartitionAssigner {
  return ({ cluster }) => ({
    name: 'passerby-co-partition',
    version: 1,

    async assign({ members, topics }) {
      const named = members
        .map(({ memberId, memberMetadata }) => ({ memberId, name: nameOf(memberMetadata) }))
        .sort((a, b) => compare(a.name, b.name) || compare(a.memberId, b.memberId));
      return named.map(({ memberId }, at) => {
        const assignment: Record<string, number[]> = {};
        for (const topic of topics) {
          assignment[topic] = cluster
            .findTopicPartitionMetadata(topic)
            .map(({ partitionId }) => partitionId)
            .filter((partition) => partition % named.length === at);
        }
        const userData = Buffer.alloc(0);
        return {
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({ version: 1, assignment, userData }),
        };
      });
    },

    protocol({ topics }) {
      const metadata = { version: 1, topics, userData: Buffer.from(memberName) };
      return { name: 'passerby-co-partition', metadata: AssignerProtocol.MemberMetadata.encode(metadata) };
    },
  });
}

function nameOf(metadata: Buffer): string {
  return AssignerProtocol.MemberMetadata.decode(metadata)?.userData.toString() ?? '';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
