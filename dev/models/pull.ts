import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readDescription } from '../../ports/detector/read-description.ts';
import { Unusable } from '../../ports/errors.ts';

export interface PullOptions {
  readonly folder: string;
  readonly name: string;
  /** `total` is null where the server does not say. */
  onProgress(received: number, total: number | null): void;
}

const WITHIN_MS = 600_000;

/**
 * Fetches the weights of a model whose description names where they are and which bytes they must be. Nothing takes the
 * model's name before all of them are there and are the right ones.
 */
export async function pullModel({
  folder,
  name,
  onProgress,
}: PullOptions): Promise<{ path: string; fetched: boolean }> {
  const path = join(folder, `${name}.onnx`);
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));
  if (!names.includes(name)) throw new Unusable(`There is no model ${name}. There are: ${names.join(', ')}.`);
  const { url, sha256 } = await readDescription(path);
  if (existsSync(path)) {
    const there = createHash('sha256').update(readFileSync(path)).digest('hex');
    if (sha256 === undefined || there === sha256) return { path, fetched: false };
  }
  if (url === undefined || sha256 === undefined) {
    throw new Unusable(`${name} comes with this repository, and cannot be fetched: is the checkout whole?`);
  }
  const draft = `${path}.${process.pid}.part`;
  try {
    const got = await download(url, draft, onProgress);
    if (got !== sha256) throw new Unusable(`What ${url} sent is not the model: its SHA-256 is ${got}, not ${sha256}.`);
    renameSync(draft, path);
    return { path, fetched: true };
  } finally {
    rmSync(draft, { force: true });
  }
}

async function download(url: string, path: string, onProgress: PullOptions['onProgress']): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(WITHIN_MS) });
    if (!response.ok || !response.body) throw new Error(`it answered ${response.status} ${response.statusText}`);
    const total = Number(response.headers.get('content-length')) || null;
    const hash = createHash('sha256');
    let received = 0;
    const watch = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        received += chunk.length;
        onProgress(received, total);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), watch, createWriteStream(path));
    return hash.digest('hex');
  } catch (error) {
    const { message, cause } = error as Error & { cause?: unknown };
    const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
    throw new Unusable(
      `${url} could not be fetched (${why}). Where this machine cannot reach it, fetch it on another one and put it at ` +
        `${path.replace(/\.\d+\.part$/, '')}.`,
    );
  }
}
