import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive } from '../../ports/leftover.ts';
import { keepPorts } from './ports.ts';
import { keepSecrets } from './secrets.ts';
import { stopLeftoverProcess } from './server-process.ts';
import { readRunningStack, stackFileOf, writeStackFile } from './stack-file.ts';

/** What a stack leaves in its folder for the next one, and for the tests. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-stack-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (file: string) => statSync(file).mode & 0o777;

test('secrets are made once, and nobody else may read them', () => {
  const first = keepSecrets(folder);
  expect(keepSecrets(folder)).toEqual(first);
  expect(modeOf(join(folder, 'secrets.json'))).toBe(0o600);
  expect(new Set(Object.values(first)).size).toBe(Object.values(first).length);
  for (const secret of Object.values(first)) expect(secret).toMatch(/^[0-9a-f]{24,}$/);
});

test('ports are the same at the next start, but for one that somebody else has taken', async () => {
  const said: string[] = [];
  const keep = () => keepPorts(folder, 3, (line) => said.push(line));
  const first = await keep();
  expect(await keep()).toEqual(first);
  expect(said).toEqual([]);
  const other = createServer().listen(first[1], '127.0.0.1');
  await once(other, 'listening');
  const [a, b, c] = await keep();
  other.close();
  expect([a, c]).toEqual([first[0], first[2]]);
  expect(b).not.toBe(first[1]);
  expect(said).toEqual([`somebody else listens on ${first[1]}: these addresses have changed`]);
});

describe('the file that says where a stack is', () => {
  test('gives its environment while it runs, to its owner alone', () => {
    writeStackFile(stackFileOf(folder), { KAFKA_BROKERS: '127.0.0.1:9092' });
    expect(readRunningStack(folder)).toEqual({ KAFKA_BROKERS: '127.0.0.1:9092' });
    expect(modeOf(stackFileOf(folder))).toBe(0o600);
  });

  test('says nothing where none was started', () => {
    expect(readRunningStack(folder)).toBeNull();
  });

  test('says nothing once its process is gone', async () => {
    const gone = spawn(process.execPath, ['--eval', '']);
    await once(gone, 'exit');
    writeFileSync(stackFileOf(folder), JSON.stringify({ pid: gone.pid, env: { KAFKA_BROKERS: 'x' } }));
    expect(readRunningStack(folder)).toBeNull();
  });
});

describe('a process that a killed stack left behind', () => {
  const leave = async (argument: string) => {
    const child = spawn(process.execPath, ['--eval', 'console.log(1); setInterval(() => {}, 1_000)', argument]);
    await once(child.stdout, 'data');
    writeFileSync(join(folder, 'process.pid'), `${child.pid}\n`);
    const said: string[] = [];
    await stopLeftoverProcess('Kafka', folder, (line) => said.push(line));
    return { child, said };
  };

  test('is stopped when its command line names the folder', async () => {
    const { child, said } = await leave(`${folder}/server.properties`);
    expect(said).toEqual(['stopping the Kafka of a killed run']);
    expect(isAlive(child.pid ?? 0)).toBe(false);
  });

  test.runIf(process.platform === 'linux')('is left alone when it merely has the number', async () => {
    const { child, said } = await leave('elsewhere');
    expect(said).toEqual([]);
    expect(isAlive(child.pid ?? 0)).toBe(true);
    child.kill('SIGKILL');
  });
});
