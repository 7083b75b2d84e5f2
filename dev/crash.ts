import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { differences } from './crash/outcome.ts';
import { type RunOptions, run } from './crash/run.ts';

/**
 * `npm run crash -- --profile embedded --seconds 120 --seed 1`: cameras send frames while the service and its
 * database are killed at seeded moments; then the same frames go to an undisturbed service, and what the two have left
 * behind is compared. The compared columns are in crash/sql.
 */
const USAGE = 'Usage: npm run crash -- --profile embedded [--seconds 120] [--seed 1] [--devices 4] [--fps 5] [--keep]';
const SHOWN_MAX = 10;

const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'embedded' },
    seconds: { type: 'string', default: '120' },
    seed: { type: 'string', default: '1' },
    devices: { type: 'string', default: '4' },
    fps: { type: 'string', default: '5' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [seconds, seed, devices, fps] = [values.seconds, values.seed, values.devices, values.fps].map(Number);

if (
  values.help ||
  values.profile !== 'embedded' ||
  !seconds ||
  !devices ||
  !fps ||
  seed === undefined ||
  Number.isNaN(seed)
) {
  console.error(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  process.exitCode = await crash({ seconds, seed, devices, fps });
}

async function crash(given: Pick<RunOptions, 'seconds' | 'seed' | 'devices' | 'fps'>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), `passerby-crash-${given.seed}-`));
  const runOnce = (name: string, disturbed: boolean) => {
    console.log(`seed ${given.seed}: the ${name} run begins`);
    const onProgress = (line: string) => console.log(`seed ${given.seed}, ${name}: ${line}`);
    return run({ ...given, dataDir: join(folder, name), disturbed, onProgress });
  };
  const crashed = await runOnce('disturbed', true);
  const calm = await runOnce('undisturbed', false);
  const differing = differences(calm.outcome, crashed.outcome);
  const { lost, duplicated, stored, captured } = crashed.outcome;
  show('lost', lost);
  show('duplicated', duplicated);
  show('differing', differing);

  const counts = {
    acknowledged: crashed.acknowledged.length,
    stored,
    captured,
    kills: crashed.kills,
    lost: lost.length,
    duplicated: duplicated.length,
    differing: differing.length,
  };
  const clean = lost.length + duplicated.length + differing.length === 0;
  // A run in which nothing was killed or nothing sent has shown nothing.
  const passed = clean && counts.kills > 0 && counts.acknowledged > 0 && calm.outcome.lost.length === 0;
  if (passed && !values.keep) rmSync(folder, { recursive: true, force: true });
  else console.log(`kept for inspection: ${folder}`);
  console.log(
    Object.entries(counts)
      .map(([name, count]) => `${name}=${count}`)
      .join(' '),
  );
  return passed ? 0 : 1;
}

function show(name: string, lines: readonly string[]) {
  for (const line of lines.slice(0, SHOWN_MAX)) console.log(`${name}: ${line}`);
  if (lines.length > SHOWN_MAX) console.log(`${name}: … and ${lines.length - SHOWN_MAX} more`);
}
