import { type Static, Type } from 'typebox';

export const kafkaConfig = Type.Object({
  KAFKA_BROKERS: Type.String({
    pattern: '^[^\\s,:/]+:\\d{1,5}(,[^\\s,:/]+:\\d{1,5})*$',
    description: 'Brokers to begin with, as host:port, separated by commas.',
  }),
  KAFKA_SSL: Type.Boolean({ default: false, description: 'Whether the brokers speak TLS.' }),
  KAFKA_SASL_MECHANISM: Type.Union(
    [Type.Literal('plain'), Type.Literal('scram-sha-256'), Type.Literal('scram-sha-512')],
    { default: 'scram-sha-512', description: 'How to sign in, where KAFKA_SASL_USERNAME is set.' },
  ),
  KAFKA_SASL_USERNAME: Type.Optional(Type.String({ description: 'The name to sign in with; without it nobody does.' })),
  KAFKA_SASL_PASSWORD: Type.Optional(Type.String({ description: 'The password to it.' })),
  KAFKA_PARTITIONS: Type.Integer({
    default: 12,
    minimum: 1,
    maximum: 1_000,
    description: 'Partitions of each topic, fixed when the topics are made: at most so many processors share the work.',
  }),
  KAFKA_REPLICATION: Type.Integer({
    default: 1,
    minimum: 1,
    maximum: 9,
    description:
      'Copies of each partition when the topics are made; from 3 on, two must have a record before it counts.',
  }),
});

export type KafkaConfig = Static<typeof kafkaConfig>;
