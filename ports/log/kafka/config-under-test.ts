import type { KafkaConfig } from './config.ts';

export function kafkaConfigOf(brokers: string, partitions: number): KafkaConfig {
  return {
    KAFKA_BROKERS: brokers,
    KAFKA_SSL: false,
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_PARTITIONS: partitions,
    KAFKA_REPLICATION: 1,
  };
}
