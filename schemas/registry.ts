import { readFileSync } from 'node:fs';
import type { AvroRecord } from './avro.ts';
import type { RecordName } from './types.ts';

/**
 * Every schema ever released, by the id that stands in front of each record written with it.
 *
 * An id never changes its meaning. To change `frame.avsc`: move the text as it is to `old/frame.1.avsc` and
 * point its id there, edit `frame.avsc` under the next free id, run `npm run schemas`.
 */
export interface Released {
  readonly id: number;
  readonly name: RecordName;
  /** Counts the schemas of this name, from 1. */
  readonly version: number;
  readonly file: string;
  readonly text: string;
  readonly schema: AvroRecord;
}

export const released: readonly Released[] = readReleased();

/** The schema that records of each name are written and read with. */
export const current: ReadonlyMap<RecordName, Released> = new Map(released.map((schema) => [schema.name, schema]));

function readReleased(): readonly Released[] {
  const ids: Record<string, string> = JSON.parse(read('ids.json'));
  const versions = new Map<string, number>();
  return Object.entries(ids)
    .map(([id, file]) => ({ id: Number(id), file }))
    .sort((a, b) => a.id - b.id)
    .map(({ id, file }) => {
      // 'old/frame.1.avsc' and 'frame.avsc' are both of the name 'frame'; the highest id is the one in use.
      const name = file.replace(/^old\//, '').replace(/(\.\d+)?\.avsc$/, '') as RecordName;
      const version = (versions.get(name) ?? 0) + 1;
      versions.set(name, version);
      const text = read(file);
      return { id, name, version, file, text, schema: JSON.parse(text) };
    });
}

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}
