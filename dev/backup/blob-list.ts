import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { isKey } from '../../ports/blobs/blobs.ts';
import { readManifest } from './manifest.ts';
import { createMeasure, sha256OfFile } from './measure.ts';

/** The blobs of a backup in the order of their keys, a line each: there may be millions, so nobody has all in memory. */
export interface BlobEntry {
  readonly key: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly storedAtMs: number;
}

const LINE = /^([^\t]+)\t([0-9a-f]{64})\t(\d+)\t([\d.]+)$/;

/** Answers the digest of the file. */
export async function writeBlobList(backup: string, entries: AsyncIterable<BlobEntry>): Promise<string> {
  const measure = createMeasure();
  const lines = async function* () {
    for await (const { key, sha256, sizeBytes, storedAtMs } of entries) {
      yield `${key}\t${sha256}\t${sizeBytes}\t${storedAtMs}\n`;
    }
  };
  const file = createWriteStream(fileOf(backup), { mode: 0o600, flags: 'wx', flush: true });
  await pipeline(Readable.from(lines()), createGzip(), measure.stream, file);
  return measure.sha256();
}

/** Of a list that is whole. */
export async function* readBlobList(backup: string): AsyncGenerator<BlobEntry> {
  const file = createReadStream(fileOf(backup));
  const text = createGunzip();
  file.on('error', (error) => text.destroy(error)).pipe(text);
  try {
    for await (const line of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
      const [, key = '', sha256 = '', sizeBytes, storedAtMs] = LINE.exec(line) ?? [];
      if (!isKey(key)) throw new Error(`no blob's line: ${line.slice(0, 200)}`);
      yield { key, sha256, sizeBytes: Number(sizeBytes), storedAtMs: Number(storedAtMs) };
    }
  } finally {
    file.destroy();
  }
}

export async function isListWhole(backup: string, manifest = readManifest(backup)): Promise<boolean> {
  return (await sha256OfFile(fileOf(backup))) === manifest.blobs.sha256;
}

function fileOf(backup: string): string {
  return join(backup, 'blobs.tsv.gz');
}
