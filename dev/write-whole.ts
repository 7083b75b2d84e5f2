import { renameSync, writeFileSync } from 'node:fs';

/** Writes aside and renames: a file that is half-written would be taken for all there is. For its owner alone. */
export function writeWhole(file: string, text: string): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, text, { mode: 0o600, flush: true });
  renameSync(unfinished, file);
}
