import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findFreePort } from '../../ports/free-ports.ts';
import { createServerProcess, type Server } from './server-process.ts';

/** The servers' shell, around a server of three lines. */
const LISTEN = `require('node:http').createServer((_, answer) => answer.end(String(process.pid))).listen(PORT);`;

let folder: string;
let port: number;
let server: Server | null;
let deaths: string[];
let stopped: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-server-'));
  port = await findFreePort();
  [server, deaths, stopped] = [null, [], 0];
});
afterEach(async () => {
  await server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const ask = async () => Number(await (await fetch(`http://127.0.0.1:${port}`)).text());

function create(script: string, startWithinMs = 10_000): Server {
  server = createServerProcess({
    name: 'Example',
    folder,
    command: () => [process.execPath, ['--eval', script.replaceAll('PORT', String(port))]],
    isUp: async () => (await ask()) > 0,
    onDeath: (why) => deaths.push(why),
    onStopped: () => {
      stopped += 1;
    },
    startWithinMs,
    stopWithinMs: 500,
  });
  return server;
}

test('killed, it is gone; started again, another one answers at the same address', async () => {
  const example = create(LISTEN);
  await example.start();
  const first = await ask();
  expect(readFileSync(join(folder, 'process.pid'), 'utf8')).toBe(`${first}\n`);
  await example.kill();
  expect(() => process.kill(first, 0)).toThrow('ESRCH');
  expect(existsSync(join(folder, 'process.pid'))).toBe(false);
  await example.start();
  expect(await ask()).not.toBe(first);
  expect([deaths, stopped]).toEqual([[], 0]);
});

test('stopped, it has ended by itself; one that does not is ended', async () => {
  const example = create(LISTEN);
  await example.start();
  await example.stop();
  expect(stopped).toBe(1);
  const stubborn = create(`process.on('SIGTERM', () => {}); ${LISTEN}`);
  await stubborn.start();
  const pid = await ask();
  await stubborn.stop();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(stopped).toBe(1);
});

test('an end that nobody had asked for is told, with its last words', async () => {
  await create(`${LISTEN} console.error('the disk is full');`).start();
  process.kill(await ask(), 'SIGTERM');
  await expect.poll(() => deaths).toHaveLength(1);
  expect(deaths[0]).toMatch(/Example ended by itself \(SIGTERM\)[\s\S]*the disk is full/);
});

test('one that does not come up says why', async () => {
  await expect(create(`console.error('no such setting'); process.exit(3)`).start()).rejects.toThrow(
    /Example ended while it started \(status 3\)[\s\S]*no such setting/,
  );
  await expect(create('setInterval(() => {}, 1_000)', 300).start()).rejects.toThrow('does not answer after 0.3 s');
  expect(deaths).toEqual([]);
});
