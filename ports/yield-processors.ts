import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';

/**
 * Lets everybody else at the processors first: this thread, and those that it starts from here on. Elsewhere than on
 * Linux priorities are those of whole processes, and stay as they are.
 */
export function yieldProcessors(): void {
  if (process.platform !== 'linux') return;
  const thread = Number(basename(readlinkSync('/proc/thread-self')));
  setPriority(thread, constants.priority.PRIORITY_LOW);
}
