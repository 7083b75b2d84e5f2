import { createRequire } from 'node:module';
import { untilServed } from './until-served.ts';

/**
 * Faults of kafkajs 2.2.4, mended where they are, since it has had no release in years:
 *
 *  1. What a connection had received of an answer when it was cut is put before the first answer of the next connection,
 *     and every answer is then read from the wrong place, until a read past the end throws where nobody can catch it.
 *  2. A broker whose connection was cut before it said what it speaks counts as connected when the connection is back,
 *     and fails every request from then on with 'Broker not connected'.
 *  3. A member that joins while its coordinator is still loading ends.
 *  4. A reader before whom records were deleted has 'the earliest' committed for its group, in place of where it stood.
 *  5. Brokers that all break off while they are asked for topics make an answer of null, which is then read.
 *  6. Brokers that all break off while they are asked for a group's coordinator end the search, and with it the member.
 */
interface Connection {
  isConnected(): boolean;
  connect(): Promise<unknown>;
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
}

interface Broker {
  readonly versions: object | null;
  isConnected(): boolean;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

interface ConsumerGroup {
  joinAndSync(): Promise<void>;
}

interface OffsetManager {
  readonly cluster: {
    fetchTopicsOffset(asked: readonly object[]): Promise<{ partitions: { offset: string }[] }[]>;
  };
  resolveOffset(place: { topic: string; partition: number; offset: string }): void;
  setDefaultOffset(place: { topic: string; partition: number }): Promise<void>;
}

interface Cluster {
  metadata(asked?: object): Promise<object | null>;
  findGroupCoordinatorMetadata(asked: object): Promise<object>;
}

const require = createRequire(import.meta.url);
const LENGTH_BYTES = 4;

export const KafkaConnection: { prototype: Connection } = require('kafkajs/src/network/connection.js');
export const KafkaBroker: { prototype: Broker } = require('kafkajs/src/broker/index.js');
export const KafkaConsumerGroup: { prototype: ConsumerGroup } = require('kafkajs/src/consumer/consumerGroup.js');
export const KafkaCluster: { prototype: Cluster } = require('kafkajs/src/cluster/index.js');
const { KafkaJSConnectionError }: { KafkaJSConnectionError: new (why: string) => Error } = require('kafkajs');
const KafkaOffsetManager: { prototype: OffsetManager } = require('kafkajs/src/consumer/offsetManager/index.js');

const { connect } = KafkaConnection.prototype;
KafkaConnection.prototype.connect = function (this: Connection) {
  if (!this.isConnected()) {
    this.chunks = [];
    this.bytesBuffered = 0;
    this.bytesNeeded = LENGTH_BYTES;
  }
  return connect.call(this);
};

const { connect: connectBroker } = KafkaBroker.prototype;
KafkaBroker.prototype.connect = async function (this: Broker) {
  if (this.isConnected() && this.versions === null) await this.disconnect();
  return connectBroker.call(this);
};

const { joinAndSync } = KafkaConsumerGroup.prototype;
KafkaConsumerGroup.prototype.joinAndSync = function (this: ConsumerGroup) {
  return untilServed(() => joinAndSync.call(this));
};
KafkaOffsetManager.prototype.setDefaultOffset = async function (this: OffsetManager, { topic, partition }) {
  const [found] = await this.cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning: true }]);
  const earliest = BigInt(found?.partitions[0]?.offset ?? 0);
  this.resolveOffset({ topic, partition, offset: String(earliest - 1n) });
};

const { metadata } = KafkaCluster.prototype;
KafkaCluster.prototype.metadata = async function (this: Cluster, asked) {
  const answer = await metadata.call(this, asked);
  if (answer === null) throw new KafkaJSConnectionError('no broker answered');
  return answer;
};

const { findGroupCoordinatorMetadata } = KafkaCluster.prototype;
KafkaCluster.prototype.findGroupCoordinatorMetadata = async function (this: Cluster, asked) {
  try {
    return await findGroupCoordinatorMetadata.call(this, asked);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'KafkaJSGroupCoordinatorNotFound') throw error;
    // As it calls what is worth another try.
    throw Object.assign(new KafkaJSConnectionError('no broker answered'), { type: 'GROUP_COORDINATOR_NOT_AVAILABLE' });
  }
};
