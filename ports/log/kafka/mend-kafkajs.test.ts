import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Outage } from '../../errors.ts';
import { asKafkaOutage } from './connect.ts';
import { KafkaBroker, KafkaCluster, KafkaConnection, KafkaConsumerGroup } from './mend-kafkajs.ts';

let server: Server | null = null;
afterEach(() => server?.close());

test('a new connection begins with nothing of what the former one had received', async () => {
  server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((settle) => server?.listen(0, '127.0.0.1', settle));
  const { port } = server.address() as { port: number };
  const nothing = () => undefined;
  const log = { debug: nothing, error: nothing, info: nothing, warn: nothing, namespace: () => log };
  const { default: socketFactory } = await import('kafkajs/src/network/socketFactory.js' as string);
  const connection: { connect(): Promise<void>; disconnect(): Promise<void> } = Reflect.construct(
    KafkaConnection as never,
    [
      {
        host: '127.0.0.1',
        port,
        logger: log,
        connectionTimeout: 1_000,
        requestTimeout: 1_000,
        socketFactory: socketFactory(),
      },
    ],
  );
  Object.assign(connection, { chunks: [Buffer.from('half an ans')], bytesBuffered: 11, bytesNeeded: 400 });
  await connection.connect();
  expect(connection).toMatchObject({ chunks: [], bytesBuffered: 0, bytesNeeded: 4 });
  await connection.disconnect();
});

test('a broker that is connected but has not said what it speaks is asked anew', async () => {
  const asked: string[] = [];
  let connected = true;
  const broker = Object.create(KafkaBroker.prototype, {
    versions: { value: null, writable: true },
    lock: { value: { acquire: async () => undefined, release: async () => undefined } },
    connectionPool: {
      value: {
        isConnected: () => connected,
        destroy: async () => {
          asked.push('disconnect');
          connected = false;
        },
        getConnection: async () => {
          asked.push('connect');
          throw new Error('enough');
        },
      },
    },
  });
  await expect(broker.connect()).rejects.toThrow('enough');
  expect(asked).toEqual(['disconnect', 'connect']);
});

test('a member that joins waits for a coordinator that is still loading', async () => {
  const answers = ['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_AUTHORIZATION_FAILED'];
  const findGroupCoordinator = async () => {
    const type = answers.shift();
    throw Object.assign(new Error(type), { type });
  };
  const logger = { namespace: () => logger };
  const options = { logger, cluster: { findGroupCoordinator }, assigners: [], retry: {} };
  const member: { joinAndSync(): Promise<void> } = Reflect.construct(KafkaConsumerGroup as never, [options]);
  await expect(member.joinAndSync()).rejects.toThrow('GROUP_AUTHORIZATION_FAILED');
  expect(answers).toEqual([]);
});

test('brokers that break off while they are asked for topics are an outage', async () => {
  const { default: createRetry } = await import('kafkajs/src/retry/index.js' as string);
  const { default: BrokerPool } = await import('kafkajs/src/cluster/brokerPool.js' as string);
  const brokerPool = Object.create(BrokerPool.prototype, {
    brokers: { value: { 0: {} } },
    refreshMetadataIfNecessary: { value: async () => undefined },
    findBroker: { value: async () => ({ metadata: () => Promise.reject(new Error('Closed connection')) }) },
  });
  const cluster = Object.create(KafkaCluster.prototype, {
    brokerPool: { value: brokerPool },
    retrier: { value: createRetry({ retries: 1, initialRetryTime: 1 }) },
  });
  const error = await cluster.metadata({ topics: ['any'] }).catch((failed: unknown) => failed);
  expect(asKafkaOutage(error)).toBeInstanceOf(Outage);
});

test("brokers that break off while they are asked for a group's coordinator are asked again", async () => {
  const { default: createRetry } = await import('kafkajs/src/retry/index.js' as string);
  const broker = { nodeId: 1 };
  let asked = 0;
  const cluster = Object.create(KafkaCluster.prototype, {
    brokerPool: {
      value: {
        // Nobody there, twice.
        withBroker: async () => (++asked < 3 ? null : { coordinator: broker }),
      },
    },
    logger: { value: { debug: () => undefined } },
    refreshMetadata: { value: async () => undefined },
    findBroker: { value: async () => broker },
    retrier: { value: createRetry({ retries: 5, initialRetryTime: 1 }) },
  });
  expect(await cluster.findGroupCoordinator({ groupId: 'reader' })).toBe(broker);
  expect(asked).toBe(3);
});
