import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startStack } from './start-stack.ts';
import { TOOLS_FOLDER } from './tools.ts';

/** Kafka, S3 and PostgreSQL for one run, below its folder. Should one of them die, nothing that follows is worth anything. */
export function startServers({
  folder: runFolder,
  say = () => undefined,
  onDeath = (why) => {
    throw new Error(why);
  },
}: {
  readonly folder: string;
  readonly say?: (line: string) => void;
  readonly onDeath?: (why: string) => void;
}) {
  const folder = join(runFolder, 'stack');
  mkdirSync(folder, { recursive: true });
  return startStack({ folder, toolsFolder: TOOLS_FOLDER, only: ['kafka', 's3', 'postgres'], say, onDeath });
}
