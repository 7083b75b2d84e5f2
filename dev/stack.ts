import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { destination, pino, stdSerializers } from 'pino';
import { runProcess } from '../ports/process.ts';
import { envFile, exportLines } from './stack/environment.ts';
import { stackFileOf, writeStackFile } from './stack/stack-file.ts';
import { StackInUse, startStack } from './stack/start-stack.ts';
import { ToolMissing } from './stack/tools.ts';

/** `npm run stack`: Kafka, an S3 server, PostgreSQL and toxiproxy on this machine, without Docker, until Ctrl-C. */
const USAGE = `Usage: npm run stack -- [--folder ./.stack] [--fresh] [--write-env PATH]

  --folder PATH    where all of it is kept (./.stack)
  --fresh          begins with empty servers; what was downloaded stays
  --write-env PATH also writes the environment there, as NAME=value lines

TIMESCALE_URL in the environment names a PostgreSQL to use instead of one of its own.`;
const STOP_WITHIN_MS = 20_000;

const logger = pino({ level: 'warn', base: null, serializers: { error: stdSerializers.err } }, destination(2));
const say = (line: string) => process.stderr.write(`stack: ${line}\n`);

await runProcess({ logger, stopWithinMs: STOP_WITHIN_MS, explain }, async (parts) => {
  parts.stopping.addEventListener('abort', () => say('stopping'));
  const { values: options } = parseArgs({
    options: {
      folder: { type: 'string', default: './.stack' },
      fresh: { type: 'boolean', default: false },
      // Not --env-file, which Node 20 takes for itself wherever it stands.
      'write-env': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  }
  let tellDeath: (error: Error) => void = () => undefined;
  const death = new Promise<never>((_, fail) => {
    tellDeath = fail;
  });
  death.catch(() => undefined);
  const stack = await startStack({
    folder: options.folder,
    fresh: options.fresh,
    databaseUrl: process.env.TIMESCALE_URL,
    say,
    signal: parts.stopping,
    onDeath: (why) => {
      say(why);
      tellDeath(new Error('a server ended by itself; see above'));
    },
  });
  parts.started('servers', async () => {
    await stack.stop();
    say('stopped');
  });
  parts.run('watch', (signal) => Promise.race([death, once(signal, 'abort')]).then(() => undefined));

  const file = stackFileOf(options.folder);
  writeStackFile(file, stack.env);
  parts.started(file, () => rmSync(file, { force: true }));
  if (options['write-env']) writeFileSync(options['write-env'], envFile(stack.env), { mode: 0o600 });
  say(`up; all of it is kept in ${options.folder}; Ctrl-C stops it`);
  process.stdout.write(`${exportLines(stack.env).join('\n')}\n`);
});

/** Faults that their reader can mend are told in words; only others come with a stack. */
function explain(error: unknown): string {
  if (error instanceof ToolMissing || error instanceof StackInUse) return error.message;
  if (String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')) {
    return `${(error as Error).message}\n${USAGE}`;
  }
  return `The stack could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
