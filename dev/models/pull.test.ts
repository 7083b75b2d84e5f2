import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Unusable } from '../../ports/errors.ts';
import { pullModel } from './pull.ts';

const weights = Buffer.alloc(300_000, 'weights');
const sha256 = createHash('sha256').update(weights).digest('hex');
let folder: string;
let server: Server;
let answer: (response: ServerResponse) => void;
let asked: number;
let others: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-pull-'));
  asked = 0;
  others = [];
  answer = (response) => response.setHeader('content-length', weights.length).end(weights);
  server = createServer((_, response) => {
    asked += 1;
    answer(response);
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  describeModel({ sha256, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/public.onnx` });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const describeModel = (description: object) => writeFileSync(join(folder, 'public.json'), JSON.stringify(description));
const pull = (name = 'public', onProgress = (_received: number, _total: number | null) => {}) =>
  pullModel({ folder, name, onProgress, onOther: (told) => others.push(told) });
const refusal = async (name?: string) => {
  const error = await pull(name).catch((refused: unknown) => refused);
  expect(error).toBeInstanceOf(Unusable);
  // Neither a model that is none, nor half of one.
  expect(readdirSync(folder)).toEqual(['public.json']);
  return (error as Error).message;
};

test('a model is fetched, with progress, and the next time it is there', async () => {
  const heard: [number, number | null][] = [];
  const path = join(folder, 'public.onnx');
  expect(await pull('public', (...progress) => heard.push(progress))).toEqual({ path, fetched: true });
  expect(readFileSync(path).equals(weights)).toBe(true);
  expect(heard.at(-1)).toEqual([weights.length, weights.length]);
  expect(await pull()).toEqual({ path, fetched: false });
  expect(asked).toBe(1);
});

test('a file of its name that is another is replaced', async () => {
  writeFileSync(join(folder, 'public.onnx'), 'something else');
  expect(await pull()).toMatchObject({ fetched: true });
  expect(others).toEqual([expect.stringMatching(/public\.onnx is another file .* will be replaced/)]);
  expect(readFileSync(join(folder, 'public.onnx')).equals(weights)).toBe(true);
});

test('other bytes than the description names are refused', async () => {
  answer = (response) => response.end('a page that asks to sign in');
  expect(await refusal()).toMatch(/is not the model: its SHA-256 is [0-9a-f]{64}, not/);
});

test('a server that refuses, breaks off or is not there is told of, and what to do then', async () => {
  answer = (response) => response.writeHead(404).end();
  expect(await refusal()).toMatch(/could not be fetched \(it answered 404 Not Found\)\. .*put it at .*public\.onnx\.$/);
  answer = (response) => {
    response.setHeader('content-length', weights.length).write(weights.subarray(0, 1_000));
    setTimeout(() => response.destroy(), 20);
  };
  expect(await refusal()).toMatch(/could not be fetched \(.+\)/);
  describeModel({ sha256, url: 'http://127.0.0.1:1/public.onnx' });
  expect(await refusal()).toMatch(/could not be fetched \(fetch failed: .+\)/);
});

test('a refusal that goes on for ever is not waited for', async () => {
  const closed = new Promise((settle) => {
    answer = (response) => {
      response.once('close', settle);
      response.writeHead(404).write('and so on');
    };
  });
  expect(await refusal()).toMatch(/it answered 404/);
  await closed;
});

test('what a pull that was killed has left is cleared, what another is writing is not', async () => {
  const [old, fresh] = ['old', 'fresh'].map((name) => join(folder, `public.onnx.${name}.part`)) as [string, string];
  for (const draft of [old, fresh]) writeFileSync(draft, 'half');
  utimesSync(old, new Date(), new Date(Date.now() - 3_600_000));
  await pull();
  expect([existsSync(old), existsSync(fresh)]).toEqual([false, true]);
});

test('a name that nothing describes, and one that comes with the repository', async () => {
  expect(await refusal('other')).toBe('There is no model other. There are: public.');
  describeModel({});
  expect(await refusal()).toMatch(/comes with this repository/);
  expect(existsSync(join(folder, 'public.onnx'))).toBe(false);
});
