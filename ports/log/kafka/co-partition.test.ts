import { AssignerProtocol, type Cluster, type GroupMember } from 'kafkajs';
import { expect, test } from 'vitest';
import { coPartition } from './co-partition.ts';

const TOPICS = ['frames', 'tracker-state'];
const PARTITIONS = 12;
const cluster = {
  findTopicPartitionMetadata: () => Array.from({ length: PARTITIONS }, (_, partitionId) => ({ partitionId })),
} as unknown as Cluster;
const assigner = (name: string) => coPartition(name)({ cluster, groupId: 'group', logger: undefined as never });

/** A member as the broker tells the leader of it. */
const member = (name: string, memberId: string): GroupMember => ({
  memberId,
  memberMetadata: Buffer.from(assigner(name).protocol({ topics: TOPICS }).metadata),
});

async function assign(members: GroupMember[]) {
  const assignments = await assigner('leader').assign({ members, topics: TOPICS });
  return new Map(
    assignments.map(({ memberId, memberAssignment }) => [
      memberId,
      AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {},
    ]),
  );
}

test('every partition has one member, who has it of every topic', async () => {
  const assigned = await assign([member('a', '1'), member('b', '2'), member('c', '3')]);
  const all = [...assigned.values()].flatMap((assignment) => assignment.frames ?? []);
  expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: PARTITIONS }, (_, partition) => partition));
  for (const { frames, 'tracker-state': state } of assigned.values()) {
    expect(state).toEqual(frames);
    expect(frames).toHaveLength(4);
  }
});

test('processes get the same partitions in every group, whatever ids they have there', async () => {
  const one = await assign([member('a', '1'), member('b', '2'), member('c', '3')]);
  const other = await assign([member('c', '7'), member('a', '9'), member('b', '8')]);
  expect(other.get('9')).toEqual(one.get('1'));
  expect(other.get('8')).toEqual(one.get('2'));
  expect(other.get('7')).toEqual(one.get('3'));
});

test('more members than partitions leave some without work', async () => {
  const assigned = await assign(Array.from({ length: 14 }, (_, at) => member(`m${at}`, `${at}`)));
  expect([...assigned.values()].filter(({ frames }) => frames?.length === 0)).toHaveLength(2);
});
