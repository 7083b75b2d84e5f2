import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts, isFree } from '../../ports/free-ports.ts';

/**
 * The same ports as at the last start, where nobody else has taken one meanwhile: what was told where the servers are
 * finds them again.
 */
export async function keepPorts(folder: string, count: number): Promise<readonly number[]> {
  const file = join(folder, 'ports.json');
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly number[]) : [];
  const stillFree = await Promise.all(kept.map(isFree));
  if (kept.length === count && stillFree.every(Boolean)) return kept;
  const ports = await findFreePorts(count);
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}
