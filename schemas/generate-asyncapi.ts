import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { readers } from './readers.ts';
import { current, type Released } from './registry.ts';
import { subjectOf } from './subject.ts';
import { type Topic, topics } from './topics.ts';
import { writers } from './writers.ts';

const BINDING_VERSION = '0.5.0';
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** The text of `asyncapi.yaml`: the topics as AsyncAPI 3 has them, for tools that draw or generate from it. */
export function generateAsyncapi(): string {
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'Passerby',
      version,
      description:
        'Camera frames in; people, dwell and events out. The topics of the log on Kafka; docs/consumers.md says what ' +
        'is promised on them, and how to read them.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/vnd.apache.avro',
    servers: {
      kafka: {
        host: '{broker}',
        protocol: 'kafka',
        description: 'Where KAFKA_BROKERS points.',
        variables: { broker: { default: '127.0.0.1:9092', description: 'One broker, as host:port.' } },
      },
    },
    channels: mapped(Object.keys(topics), (name) => [name, channelOf(name, topics[name as keyof typeof topics])]),
    operations: Object.fromEntries([
      ...writers.map(({ service, topic }) => [
        `${service}-sends-${topic}`,
        { action: 'send', channel: channel(topic), tags: [{ name: service }], messages: messagesOf(topic) },
      ]),
      ...readers.map(({ group, topic }) => [
        `${group}-receives-${topic}`,
        {
          action: 'receive',
          channel: channel(topic),
          tags: [{ name: serviceOf(group) }],
          bindings: { kafka: { groupId: { type: 'string', enum: [group] }, bindingVersion: BINDING_VERSION } },
          messages: messagesOf(topic),
        },
      ]),
    ]),
    components: {
      messages: mapped(current.values(), (schema) => [schema.name, messageOf(schema)]),
      schemas: {
        headers: {
          type: 'object',
          properties: {
            traceparent: {
              type: 'string',
              description: 'The trace of the request that brought the frame, as W3C Trace Context has it.',
            },
            tracestate: {
              type: 'string',
              description: 'What other systems that trace have asked to be handed on; only where spans are made.',
            },
          },
        },
      },
    },
  };
  const text = stringify(document, { lineWidth: 120, aliasDuplicateObjects: false });
  return `# Generated from topics.ts, readers.ts, writers.ts and the *.avsc files by \`npm run schemas\`: change those, not this.\n${text}`;
}

function channelOf(name: string, { records, key, cleanup, retentionMs, retentionBytes }: Topic) {
  const written = writers.some(({ topic }) => topic === name);
  const description = [
    `Keyed by ${key}: records with equal keys keep their order.`,
    'Made with KAFKA_PARTITIONS partitions.',
    ...(cleanup === 'compact' ? ['The newest record of each key stays; one without a value takes its key away.'] : []),
    ...(written ? [] : ['Nothing writes it yet.']),
  ].join(' ');
  return {
    address: name,
    description,
    messages: mapped(records, (record) => [record, { $ref: `#/components/messages/${record}` }]),
    bindings: {
      kafka: {
        topicConfiguration: {
          'cleanup.policy': [cleanup],
          ...(retentionMs !== null && { 'retention.ms': retentionMs }),
          ...(retentionBytes !== undefined && { 'retention.bytes': retentionBytes }),
        },
        bindingVersion: BINDING_VERSION,
      },
    },
  };
}

function messageOf({ name, schema }: Released) {
  const keys = new Set(
    Object.values<Topic>(topics).flatMap(({ records, key }) => (records.includes(name) ? [key] : [])),
  );
  return {
    name: subjectOf({ schema }),
    title: schema.name,
    summary: schema.doc,
    contentType: 'application/vnd.apache.avro',
    headers: { $ref: '#/components/schemas/headers' },
    payload: { schemaFormat: 'application/vnd.apache.avro+json;version=1.9.0', schema },
    bindings: {
      kafka: {
        key: { type: 'string', description: [...keys].join(', ') },
        schemaIdLocation: 'payload',
        schemaIdPayloadEncoding: 'confluent',
        schemaLookupStrategy: 'RecordNameStrategy',
        bindingVersion: BINDING_VERSION,
      },
    },
  };
}

const channel = (topic: string) => ({ $ref: `#/channels/${topic}` });

function messagesOf(topic: keyof typeof topics) {
  return topics[topic].records.map((record) => ({ $ref: `#/channels/${topic}/messages/${record}` }));
}

/** A service's groups begin with its name. */
function serviceOf(group: string): string {
  return group.split('-', 1)[0] ?? group;
}

function mapped<Item, Value>(items: Iterable<Item>, entry: (item: Item) => readonly [string, Value]) {
  return Object.fromEntries([...items].map(entry));
}
