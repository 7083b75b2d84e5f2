import type { ServerName } from '../../ports/servers-under-test.ts';
import type { Search } from './find-servers.ts';

const NAMES: readonly ServerName[] = ['kafka', 's3', 'timescale'];
/** Every machine has one: the PostgreSQL that we bring. */
const ALWAYS_THERE = 'postgres';

const HOW: Readonly<Record<ServerName, string>> = {
  kafka: 'start Docker or `npm run stack`, or set KAFKA_BROKERS',
  s3: 'start Docker or `npm run stack`, or set S3_ENDPOINT, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY',
  timescale: 'start Docker, or set TIMESCALE_URL',
};

export const namesIn = (texts: readonly string[]) => NAMES.filter((name) => texts.includes(name));

/** What the run cannot do without ends it before it has begun. */
export function requireReached(required: readonly string[], missing: Search['missing']): void {
  const faults = required.flatMap((name) => {
    const server = NAMES.find((known) => known === name);
    if (server)
      return missing[server] === undefined ? [] : [`${server}: ${missing[server]}. To reach it, ${HOW[server]}.`];
    if (name === ALWAYS_THERE) return [];
    return [`${name}: there is no such server; there are ${[...NAMES, ALWAYS_THERE].join(', ')}.`];
  });
  if (faults.length > 0) throw new Error(['REQUIRE_SERVERS wants what was not reached.', ...faults].join('\n  '));
}

/** One line for each server that was not reached. */
export function skippedLines(
  missing: Search['missing'],
  count: (server: ServerName) => { readonly files: number; readonly tests: number },
): string[] {
  return NAMES.flatMap((server) => {
    const why = missing[server];
    if (why === undefined) return [];
    const { files, tests } = count(server);
    return [
      `SKIPPED: ${tests} tests in ${files} files need ${server}, which was not reached (${why}); ${HOW[server]}.`,
    ];
  });
}
