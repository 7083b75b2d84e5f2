import { Kafka, type KafkaConfig as KafkaOptions, logLevel, type RetryOptions } from 'kafkajs';
import type { Logger } from 'pino';
import { Outage } from '../../errors.ts';
import './mend-kafkajs.ts';
import type { KafkaConfig } from './config.ts';

/**
 * Short steps: a broker that is back is found at once, and the first transactions, which find their coordinator still
 * loading, take milliseconds instead of the default's 300.
 */
const RETRY: RetryOptions = { initialRetryTime: 10, multiplier: 2, maxRetryTime: 1_000, retries: 10 };
/**
 * For members of groups: a broker that starts again is waited for, for some 25 s, as the member that it knows. A new one
 * would have to wait until the group has given that one up.
 */
export const PATIENT: RetryOptions = { ...RETRY, retries: 30 };

export function clientIdOf(name: string): string {
  return `passerby-${name}`;
}

export function connectKafka(config: KafkaConfig, name: string, logger: Logger, retry = RETRY): Kafka {
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password = '' } = config;
  return new Kafka({
    clientId: clientIdOf(name),
    brokers: config.KAFKA_BROKERS.split(','),
    ssl: config.KAFKA_SSL,
    ...(username !== undefined && { sasl: { mechanism: config.KAFKA_SASL_MECHANISM, username, password } as Sasl }),
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry,
    logLevel: logLevel.INFO,
    // What it reports comes back as errors, which are told once and in their place; all else is for those who look.
    logCreator:
      () =>
      ({ namespace, log: { message, logger: _kafkajs, timestamp: _at, ...details } }) =>
        logger.debug({ kafkajs: namespace, ...details }, message),
  });
}

type Sasl = NonNullable<KafkaOptions['sasl']>;

/** The client's errors that say nothing of what was asked: they are over when the brokers are back. */
export function asKafkaOutage(error: unknown): unknown {
  if (error instanceof Outage || !(error instanceof Error) || !error.name.startsWith('KafkaJS')) return error;
  return isRefusal(error) ? error : new Outage('Kafka', error);
}

export async function withOutages<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asKafkaOutage(error);
  }
}

const REFUSALS = /^(MESSAGE_TOO_LARGE|INVALID_|TOPIC_AUTHORIZATION|GROUP_AUTHORIZATION|TRANSACTIONAL_ID_AUTHORIZATION)/;

function isRefusal(error: Error): boolean {
  return 'type' in error && typeof error.type === 'string' && REFUSALS.test(error.type);
}
