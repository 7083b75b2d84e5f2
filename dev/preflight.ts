import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { Outage, Unusable } from '../ports/errors.ts';
import type { EmbeddedConfig } from './config.ts';

/** The file that a data folder has until all of a backup is in it. */
export const RESTORING = 'restore.unfinished';

/** The real path, by which a server of an earlier run is known whatever name the folder had then. */
export function makeFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true });
    return realpathSync(path);
  } catch (error) {
    throw new Unusable(`DATA_DIR=${path} cannot be used: ${(error as Error).message}`);
  }
}

/** Half of what was there would look like all of it. */
export function requireWhole(folder: string): void {
  if (!existsSync(join(folder, RESTORING))) return;
  throw new Unusable(
    `A restore into ${folder} was broken off, or is under way. Restore it again: npm run restore -- FOLDER --into ${folder}`,
  );
}

/** Before anything is made: a database takes seconds, and an account would have a password that nobody has seen. */
export async function requireFreePort({ HOST: host, PORT: port }: EmbeddedConfig): Promise<void> {
  const probe = createServer();
  await new Promise<void>((settle, fail) => probe.once('error', fail).listen({ host, port }, settle)).catch((error) => {
    throw new Unusable(
      error.code === 'EADDRINUSE'
        ? `Port ${port} is taken by another program. Choose another one: PORT=${port + 1} npm start`
        : `HOST=${host} PORT=${port} cannot be listened on: ${error.message}`,
    );
  });
  await new Promise((settle) => probe.close(settle));
}

/** What `npm run certs` leaves beside the certificate: without it, curl believes none of ours. */
export function authorityBeside({ certFile }: { readonly certFile: string }): string | null {
  const file = join(dirname(certFile), 'ca.pem');
  return existsSync(file) ? file : null;
}

/** Faults that their reader can mend are told in words; only others come with a stack. */
export function explain(error: unknown): string {
  if (error instanceof Unusable) return error.message;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code.startsWith('ERR_PARSE_ARGS')) return `${(error as Error).message}\nUsage: npm start [-- --demo]`;
  if (process.env.DATABASE_URL && error instanceof Outage) {
    return `The database that DATABASE_URL names cannot be used: ${(error as Error).message}`;
  }
  return `Passerby could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
