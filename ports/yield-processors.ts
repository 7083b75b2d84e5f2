import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';

/**
 * Lets everybody else at the processors first, from here on and in this thread. Not while it starts, which somebody waits
 * for. Elsewhere than on Linux priorities are those of whole processes, and stay as they are.
 */
export function yieldProcessors(): void {
  if (process.platform !== 'linux') return;
  const thread = Number(basename(readlinkSync('/proc/thread-self')));
  setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
}
