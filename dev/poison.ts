import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { conclude, show } from './crash/conclude.ts';
import { createEmbeddedTarget } from './poison/embedded.ts';
import { createKafkaTarget } from './poison/kafka.ts';
import { runClean, runPoisoned } from './poison/run.ts';

/**
 * `npm run poison -- --profile kafka --records 1000000 --corrupt 0.01 --seed 1`: frames of which some come to nothing,
 * half because their record cannot be read and half because their picture cannot be decoded. Exactly these have to be
 * among the dead letters, and everything else has to be through; mended and redriven, they have to leave behind what a run
 * leaves behind in which nothing was wrong. With `--at-once` the two runs do not wait for each other, which is quicker where
 * one does not keep all processors busy. The compared columns are in poison/sql and poison/compare.ts.
 */
const USAGE =
  'Usage: npm run poison -- --profile embedded|kafka [--records 100000] [--corrupt 0.01] [--seed 1] [--at-once] [--keep]';
const PROFILES = { embedded: createEmbeddedTarget, kafka: createKafkaTarget };

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'embedded' },
    records: { type: 'string', default: '100000' },
    corrupt: { type: 'string', default: '0.01' },
    seed: { type: 'string', default: '1' },
    'at-once': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [records = 0, corrupt = 0, seed] = [values.records, values.corrupt, values.seed].map(Number);
const createTarget = PROFILES[values.profile as keyof typeof PROFILES];

if (values.help || !createTarget || !(records > 0) || !(corrupt > 0 && corrupt < 1) || Number.isNaN(seed)) {
  console.error(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  process.exitCode = await poison(seed ?? 0);
}

async function poison(seed: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), `passerby-poison-${seed}-`));
  const beganMs = performance.now();
  const said = () => `${((performance.now() - beganMs) / 1_000).toFixed(0)} s`;
  const say = (line: string) => console.log(`seed ${seed}, ${said()}, ${line}`);
  const options = { createTarget, folder, records, corrupt, seed, say };
  const cleaning = runClean(options);
  // Should it fail, whoever waits for it is told.
  if (values['at-once']) cleaning.catch(() => undefined);
  else await cleaning;
  const report = await runPoisoned(options, cleaning);
  await (await cleaning).close();
  const { missing, extra, differing, rows, ...told } = report;
  show('missing', missing);
  show('extra', extra);
  show('differing', differing);
  const compared = Object.entries(rows).map(([table, count]) => `${table} ${count}`);
  console.log(`rows of the clean run: ${compared.join(', ')}; ${said()} in all`);
  const counts = {
    records,
    corrupt: told.corrupt,
    letters: told.letters,
    missing: missing.length,
    extra: extra.length,
    lag: told.lag,
    redriven: told.redriven,
    differing: differing.length,
  };
  const isRight = missing.length + extra.length + differing.length === 0 && told.lag === 0n;
  // A run in which nothing was spoilt, or nothing happened, has shown nothing.
  const shown = told.corrupt > 0 && Object.values(rows).every((count) => count > 0);
  const passed = isRight && shown && told.letters === told.corrupt && told.redriven === told.corrupt;
  return conclude({ passed, keep: values.keep, folder, counts });
}
