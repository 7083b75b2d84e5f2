import { rmSync } from 'node:fs';

const SHOWN_MAX = 10;

/** The first lines of what was found, and how many more there are. */
export function show(name: string, lines: readonly string[]): void {
  for (const line of lines.slice(0, SHOWN_MAX)) console.log(`${name}: ${line}`);
  if (lines.length > SHOWN_MAX) console.log(`${name}: … and ${lines.length - SHOWN_MAX} more`);
}

/** What a run came to, in its last line. Its folder goes if all was well and nobody wants it; answers the exit status. */
export function conclude({
  passed,
  keep,
  folder,
  counts,
}: {
  readonly passed: boolean;
  readonly keep: boolean;
  readonly folder: string;
  readonly counts: Readonly<Record<string, number | bigint>>;
}): number {
  if (passed && !keep) rmSync(folder, { recursive: true, force: true });
  else console.log(`kept for inspection: ${folder}`);
  console.log(
    Object.entries(counts)
      .map(([name, count]) => `${name}=${count}`)
      .join(' '),
  );
  return passed ? 0 : 1;
}
