import { createRequire } from 'node:module';

/**
 * Two faults of kafkajs 2.2.4 that cut connections bring out, mended where they are, since it has had no release in
 * years. Both wrap a method of its own, and call it unchanged:
 *
 *  1. What a connection had received of an answer when it was cut is put before the first answer of the next connection,
 *     and every answer is then read from the wrong place, until a read past the end throws where nobody can catch it.
 *  2. A broker whose connection was cut before it said what it speaks counts as connected when the connection is back,
 *     and fails every request from then on with 'Broker not connected'.
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

const require = createRequire(import.meta.url);
const LENGTH_BYTES = 4;

export const KafkaConnection: { prototype: Connection } = require('kafkajs/src/network/connection.js');
export const KafkaBroker: { prototype: Broker } = require('kafkajs/src/broker/index.js');

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
