import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
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
  /** What is there under the model's name is not the model. */
  onOther(told: string): void;
}

const WITHIN_MS = 600_000;
const SILENT_MS = 30_000;
/** Of an endless answer no more is written. The largest public detectors have half of it. */
const BYTES_MAX = 1_000_000_000;

/**
 * Fetches the weights of a model whose description names where they are and which bytes they must be. Nothing takes the
 * model's name before all of them are there and are the right ones.
 */
export async function pullModel({
  folder,
  name,
  onProgress,
  onOther,
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
    onOther(`${path} is another file (its SHA-256 is ${there}), and will be replaced.`);
  }
  if (url === undefined || sha256 === undefined) {
    throw new Unusable(`${name} comes with this repository, and cannot be fetched: is the checkout whole?`);
  }
  clearDrafts(folder);
  const draft = `${path}.${randomUUID()}.part`;
  try {
    const got = await download(url, draft, onProgress);
    if (got !== sha256) throw new Unusable(`What ${url} sent is not the model: its SHA-256 is ${got}, not ${sha256}.`);
    renameSync(draft, path);
    return { path, fetched: true };
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Those of pulls that were killed: none that is at work takes so long. */
function clearDrafts(folder: string): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.part'))) {
    const draft = join(folder, file);
    if (Date.now() - statSync(draft).mtimeMs > WITHIN_MS) rmSync(draft, { force: true });
  }
}

async function download(url: string, path: string, onProgress: PullOptions['onProgress']): Promise<string> {
  try {
    const silent = new AbortController();
    const patience = setTimeout(() => silent.abort(new Error(`nothing came for ${SILENT_MS / 1_000} s`)), SILENT_MS);
    patience.unref();
    const response = await fetch(url, { signal: AbortSignal.any([AbortSignal.timeout(WITHIN_MS), silent.signal]) });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(`it answered ${response.status} ${response.statusText}`);
    }
    const total = Number(response.headers.get('content-length')) || null;
    const hash = createHash('sha256');
    let received = 0;
    const watch = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        received += chunk.length;
        patience.refresh();
        onProgress(received, total);
        done(received > BYTES_MAX ? new Error(`it sends more than ${BYTES_MAX / 1e9} GB`) : null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), watch, createWriteStream(path));
    return hash.digest('hex');
  } catch (error) {
    const { message, cause } = error as Error & { cause?: unknown };
    const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
    throw new Unusable(
      `${url} could not be fetched (${why}). Where this machine cannot reach it, fetch it on another one and put it at ` +
        `${path.replace(/\.[\da-f-]+\.part$/, '')}.`,
    );
  }
}
