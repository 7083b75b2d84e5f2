import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../../ports/servers-under-test.ts';
import { createPostgresStore } from '../../ports/store/postgres.ts';
import { StackInUse, startStack } from './start-stack.ts';
import { hasTools, TOOLS_FOLDER } from './tools.ts';

const MODULE = fileURLToPath(new URL('./start-stack.ts', import.meta.url));
const toolsAreHere = hasTools(TOOLS_FOLDER);
if (!toolsAreHere) {
  console.warn('SKIPPED: dev/stack/start-stack.test.ts: the servers are not here; `npm run stack` fetches them.');
}

let folder: string;
let undo: (() => Promise<unknown> | unknown)[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-stack-'));
  undo = [() => rmSync(folder, { recursive: true, force: true })];
});
afterEach(async () => {
  for (const step of undo.reverse()) await step();
});

/** A stack in a process of its own, which says what it says. */
async function startElsewhere(options: object) {
  const script = `
    import { startStack } from ${JSON.stringify(MODULE)};
    await startStack(${JSON.stringify({ folder, toolsFolder: TOOLS_FOLDER, ...options })});
    console.log('up');
    setInterval(() => undefined, 1_000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  undo.push(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('a second stack in the same folder is refused in words', async () => {
  await startElsewhere({ only: [] });
  const second = startStack({ folder, only: [] });
  await expect(second).rejects.toThrow(StackInUse);
  await expect(second).rejects.toThrow('--folder ./stack2');
});

test('what is kept goes when it is to begin afresh, and the tools stay', async () => {
  mkdirSync(join(folder, 'kafka'));
  mkdirSync(join(folder, 'tools'));
  writeFileSync(join(folder, 'tools', 'one'), '');
  const stack = await startStack({ folder, only: [], fresh: true });
  await stack.stop();
  expect(existsSync(join(folder, 'kafka'))).toBe(false);
  expect(existsSync(join(folder, 'tools', 'one'))).toBe(true);
  expect(existsSync(join(folder, 'passerby.lock'))).toBe(false);
});

function connectKafka(brokers: string) {
  const retry = { initialRetryTime: 50, retries: 10 };
  return new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING, retry });
}

async function endOffset(brokers: string): Promise<string | undefined> {
  const admin = connectKafka(brokers).admin();
  await admin.connect();
  try {
    return (await admin.fetchTopicOffsets('kept'))[0]?.high;
  } finally {
    await admin.disconnect();
  }
}

describe.skipIf(!toolsAreHere)(`the real servers ${needs('tools')}`, { timeout: 180_000 }, () => {
  test('answer directly and by way of their proxies, and are the same after a kill', async () => {
    const deaths: string[] = [];
    const stack = await startStack({ folder, toolsFolder: TOOLS_FOLDER, onDeath: (why) => deaths.push(why) });
    undo.push(() => stack.stop());
    const { KAFKA_BROKERS = '', KAFKA_PROXIED_BROKERS = '', DATABASE_PROXIED_URL = '' } = stack.env;
    const kafka = connectKafka(KAFKA_BROKERS);
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }] });
    await admin.disconnect();
    const producer = connectKafka(KAFKA_PROXIED_BROKERS).producer();
    await producer.connect();
    await producer.send({ topic: 'kept', messages: [{ value: 'one' }] });

    // What goes by way of the proxy stays on it: cut off there, it is cut off.
    const toggle = (enabled: boolean) =>
      fetch(`${stack.env.TOXIPROXY_URL}/proxies/kafka`, { method: 'POST', body: JSON.stringify({ enabled }) });
    await toggle(false);
    await expect(producer.send({ topic: 'kept', messages: [{ value: 'lost' }] })).rejects.toThrow();
    await producer.disconnect();
    await toggle(true);

    expect((await fetch(stack.env.S3_PROXIED_ENDPOINT ?? '')).status).toBe(403);
    const store = createPostgresStore({ connectionString: DATABASE_PROXIED_URL, connectionsMax: 1, name: 'test' });
    undo.push(() => store.close());
    await store.check();

    for (const server of [stack.toxiproxy, stack.s3, stack.postgres, stack.kafka]) {
      await server.kill();
      await server.start();
    }
    expect(await endOffset(KAFKA_PROXIED_BROKERS)).toBe('1');
    await store.check();
    expect(deaths).toEqual([]);
  });

  test('that a killed stack left running are stopped by the next one, which has their data', async () => {
    const only = ['kafka'] as const;
    const killed = await startElsewhere({ only });
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const said: string[] = [];
    const first = await startStack({ folder, toolsFolder: TOOLS_FOLDER, only, say: (line) => said.push(line) });
    undo.push(() => first.stop());
    expect(said).toContain('stopping the Kafka of a killed run');
    const admin = connectKafka(first.kafka.brokers).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }] });
    await admin.disconnect();
    await first.stop();
    const second = await startStack({ folder, toolsFolder: TOOLS_FOLDER, only });
    undo.push(() => second.stop());
    expect(second.env).toEqual(first.env);
    expect(await endOffset(second.kafka.brokers)).toBe('0');
  });
});
