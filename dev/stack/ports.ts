import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts, isFree } from '../../ports/free-ports.ts';
import { writeWhole } from '../write-whole.ts';

/**
 * The same ports as at the last start, so that whoever was told where the servers are finds them again; but for those
 * that somebody else has taken meanwhile.
 */
export async function keepPorts(
  folder: string,
  count: number,
  say: (line: string) => void,
): Promise<readonly number[]> {
  const file = join(folder, 'ports.json');
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly number[]) : [];
  const stillFree = await Promise.all(kept.map(isFree));
  // So many that enough are left without those kept, which are free too.
  const fresh = (await findFreePorts(2 * count)).filter((port) => !kept.includes(port)).slice(0, count);
  const ports = fresh.map((port, at) => (stillFree[at] ? (kept[at] ?? port) : port));
  const taken = kept.filter((port) => !ports.includes(port));
  if (taken.length > 0) say(`somebody else listens on ${taken.join(', ')}: these addresses have changed`);
  writeWhole(file, JSON.stringify(ports));
  return ports;
}
