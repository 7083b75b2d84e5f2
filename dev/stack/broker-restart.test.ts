import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../ports/clock/system.ts';
import { kafkaConfigOf } from '../../ports/log/kafka/config-under-test.ts';
import { createKafkaLog } from '../../ports/log/kafka.ts';
import type { Trouble } from '../../ports/log/log.ts';
import { needs } from '../../ports/servers-under-test.ts';
import { untilAvailable } from '../../ports/until-available.ts';
import { startStack } from './start-stack.ts';
import { hasTools, TOOLS_FOLDER } from './tools.ts';

const logger = pino({ level: 'silent' });
let undo: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const step of undo.reverse()) await step();
  undo = [];
});

const title = `a member of a group outlives the %s of its only broker, as the member that the group knows ${needs('tools')}`;
test.skipIf(!hasTools(TOOLS_FOLDER)).each(['kill', 'stop'] as const)(title, { timeout: 120_000 }, async (ending) => {
  const folder = mkdtempSync(join(tmpdir(), 'passerby-restart-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const stack = await startStack({ folder, toolsFolder: TOOLS_FOLDER, only: ['kafka'] });
  undo.push(() => stack.stop());
  const log = await createKafkaLog({
    config: kafkaConfigOf(stack.kafka.brokers, 2),
    name: 'test',
    topics: [{ name: 'input', cleanup: 'delete', retentionMs: 3_600_000 }],
    clock: systemClock,
    logger,
  });
  undo.push(() => log.close());
  const append = (text: string) =>
    untilAvailable(() => log.append('input', [{ key: 'device', value: Buffer.from(text) }]), { logger });

  const read: string[] = [];
  const troubles: Trouble[] = [];
  const stop = new AbortController();
  const consuming = log.consume(
    {
      topic: 'input',
      group: 'reader',
      batchRecordsMax: 10,
      open: async () => ({ state: null }),
      step: async (state, { records }) => {
        read.push(...records.map(({ value }) => String(value)));
        return { state, outputs: [] };
      },
      onTrouble: (trouble) => troubles.push(trouble),
    },
    stop.signal,
  );
  undo.push(() => {
    stop.abort();
    return consuming;
  });
  await append('before');
  await expect.poll(() => read, { timeout: 30_000 }).toContain('before');
  await stack.kafka[ending]();
  await stack.kafka.start();
  await append('after');
  await expect.poll(() => read, { timeout: 30_000 }).toContain('after');
  // A partition may have had to begin anew; the member has not.
  expect(troubles.filter(({ partition }) => partition === null)).toEqual([]);
});
