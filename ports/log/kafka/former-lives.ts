import type { Kafka } from 'kafkajs';
import { withOutages } from './connect.ts';
import { untilServed } from './until-served.ts';

interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findGroupCoordinator(asked: { groupId: string }): Promise<Coordinator>;
}

interface Coordinator {
  describeGroups(asked: { groupIds: string[] }): Promise<{
    groups: { members: { memberId: string; clientId: string }[] }[];
  }>;
  leaveGroup(asked: { groupId: string; memberId: string }): Promise<unknown>;
}

/**
 * Leaves the group in the name of all members that this client has been before. A process that was killed is otherwise
 * waited for by all others, and by itself now that it is back, until its session times out; and one that is killed
 * again and again would never get to work.
 *
 * Should the name be that of a process that lives, nothing worse happens than that it has to join once more.
 */
export async function leaveFormerLives(kafka: Kafka, groupId: string, clientId: string): Promise<number> {
  return withOutages(async () => {
    const cluster = createCluster(kafka);
    await cluster.connect();
    try {
      return await untilServed(async () => {
        const coordinator = await cluster.findGroupCoordinator({ groupId });
        const { groups } = await coordinator.describeGroups({ groupIds: [groupId] });
        const former = (groups[0]?.members ?? []).filter((member) => member.clientId === clientId);
        for (const { memberId } of former) await coordinator.leaveGroup({ groupId, memberId }).catch(unlessGone);
        return former.length;
      });
    } finally {
      await cluster.disconnect();
    }
  });
}

/** Timed out just now. */
function unlessGone(error: { type?: string }): void {
  if (error.type !== 'UNKNOWN_MEMBER_ID') throw error;
}

/** kafkajs asks for all of this itself, but offers no way to leave for somebody else. */
function createCluster(kafka: Kafka): Cluster {
  const name = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith(':createCluster'));
  return (kafka as unknown as Record<symbol, (options: object) => Cluster>)[name as symbol]?.({}) as Cluster;
}
