import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { conclude, show } from './crash/conclude.ts';
import { createEmbeddedTarget } from './crash/embedded.ts';
import { createKafkaTarget } from './crash/kafka.ts';
import { planBlows, planEvery } from './crash/kills.ts';
import { differences } from './crash/outcome.ts';
import { type RunOptions, run } from './crash/run.ts';

/**
 * `npm run crash -- --profile kafka --seconds 180 --seed 1`: cameras send frames while services and servers are killed
 * at seeded moments; then the same frames go to an undisturbed `npm start`, and what the two have left behind is
 * compared: also the profiles with each other, that is. The compared columns are in crash/sql. With `--churn`, nothing
 * is killed, but a processor joins or leaves every ten seconds.
 */
const USAGE =
  'Usage: npm run crash -- --profile embedded|kafka [--seconds 120] [--seed 1] [--devices 4] [--fps 5] ' +
  '[--only broker,s3] [--churn] [--keep]';
const RESUMES_WITHIN_MS = 30_000;
const CHURN_EVERY_MS = 10_000;
const PROFILES = { embedded: createEmbeddedTarget, kafka: createKafkaTarget };

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'embedded' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: '1' },
    devices: { type: 'string', default: '4' },
    fps: { type: 'string', default: '5' },
    only: { type: 'string' },
    churn: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [seed, devices, fps] = [values.seed, values.devices, values.fps].map(Number);
const seconds = Number(values.seconds ?? (values.churn ? 300 : 120));
const createTarget = PROFILES[values.profile as keyof typeof PROFILES];
const only = values.only?.split(',');

if (
  values.help ||
  !createTarget ||
  !seconds ||
  !devices ||
  !fps ||
  seed === undefined ||
  Number.isNaN(seed) ||
  (values.churn && values.profile !== 'kafka')
) {
  console.error(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  process.exitCode = await crash({ createTarget, seconds, seed, devices, fps });
}

async function crash(given: Omit<RunOptions, 'dataDir' | 'plan' | 'onProgress'>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), `passerby-crash-${given.seed}-`));
  const runOnce = (name: string, target: RunOptions['createTarget'], plan: RunOptions['plan']) => {
    console.log(`seed ${given.seed}: the ${name} run begins`);
    const onProgress = (line: string) => console.log(`seed ${given.seed}, ${name}: ${line}`);
    return run({ ...given, createTarget: target, dataDir: join(folder, name), plan, onProgress });
  };
  const crashed = await runOnce('disturbed', given.createTarget, (blows) => {
    if (values.churn) return planEvery(CHURN_EVERY_MS, given.seconds, ['visitor']);
    const chosen = Object.entries(blows).filter(([name]) => only?.includes(name) ?? true);
    if (chosen.length === 0) throw new Error(`--only ${values.only}: there is only ${Object.keys(blows).join(', ')}`);
    return planBlows(given.seed, given.seconds, Object.fromEntries(chosen));
  });
  const calm = await runOnce('undisturbed', createEmbeddedTarget, null);
  const differing = differences(calm.outcome, crashed.outcome);
  const { lost, duplicated, disorder = [], stored, captured, pictured, unpaired } = crashed.outcome;
  show('lost', lost);
  show('duplicated', duplicated);
  show('out of order', disorder);
  show('unpaired', unpaired);
  show('differing', differing);
  const afterBroker = crashed.resumes.map(({ afterBrokerMs }) => afterBrokerMs);
  const afterLast = crashed.resumes.map(({ afterLastMs }) => afterLastMs);
  if (crashed.resumes.length > 0) {
    console.log(`resumed, ms after the broker was killed: ${afterBroker.join(' ')}`);
    console.log(`resumed, ms after the last kill of all: ${afterLast.join(' ')}`);
  }
  const tooLate = afterLast.filter((ms) => ms > RESUMES_WITHIN_MS);
  if (tooLate.length > 0) console.log(`resumed too late, more than ${RESUMES_WITHIN_MS} ms: ${tooLate.join(' ')}`);

  const counts = {
    acknowledged: crashed.acknowledged.length,
    stored,
    captured,
    kills: crashed.kills,
    ...(crashed.outcome.disorder && { disordered: disorder.length }),
    lost: lost.length,
    duplicated: duplicated.length,
    pictured,
    unpaired: unpaired.length,
    differing: differing.length,
  };
  const wrong = [lost, duplicated, disorder, unpaired, differing, tooLate];
  const clean = wrong.every(({ length }) => length === 0);
  // A run in which nothing was killed, nothing sent or nothing drawn has shown nothing.
  const shown = (values.churn || counts.kills > 0) && counts.acknowledged > 0 && pictured > 0;
  const passed = clean && shown && calm.outcome.lost.length === 0;
  return conclude({ passed, keep: values.keep, folder, counts });
}
