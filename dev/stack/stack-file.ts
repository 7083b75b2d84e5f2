import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../../ports/leftover.ts';
import { writeWhole } from '../write-whole.ts';
import type { Environment } from './environment.ts';

interface StackFile {
  readonly pid: number;
  readonly env: Environment;
}

export const stackFileOf = (folder: string) => join(folder, 'stack.json');

/** Says where a running stack is to be found; whoever wrote it removes it when it stops. */
export function writeStackFile(file: string, env: Environment): void {
  writeWhole(file, `${JSON.stringify({ pid: process.pid, env } satisfies StackFile, null, 2)}\n`);
}

/** The environment of the stack that runs in the folder; null when none does. */
export function readRunningStack(folder: string): Environment | null {
  let text: string;
  try {
    text = readFileSync(stackFileOf(folder), 'utf8');
  } catch {
    return null;
  }
  const { pid, env } = JSON.parse(text) as StackFile;
  // One that was killed leaves its file behind.
  return isAlive(pid) ? env : null;
}
