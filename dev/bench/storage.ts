import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { benchStorage, PROFILES } from './storage/bench-storage.ts';

/**
 * `npm run bench:storage`: what the aggregator writes and the console reads, at a year of 100 cameras with 7 million
 * visits and 40 million events (`--profile year`), or at a month of ten (`--profile month`, as dense). `--scale 0.1` has
 * a tenth of the visits, and as many cameras and days. On TimescaleDB where TIMESCALE_URL names a server, else on the
 * PostgreSQL that it brings; in two databases of its own, which go with it.
 *
 * All goes through the aggregator's own writer: encoded records of `--partitions 12`, `--batch 500` to a transaction, each
 * event once in its last version, or also as it began (`--versions 2`). After each slice the same rows go into equal
 * tables by COPY; copy_ratio is the time of the one over that of the other, in the middle of all slices. A row is one of
 * events, visits, occupancy_changes or event_counts. Then each statement that is served is asked `--times 30`.
 */
const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'year' },
    scale: { type: 'string', default: '1' },
    partitions: { type: 'string', default: '12' },
    batch: { type: 'string', default: '500' },
    versions: { type: 'string', default: '1' },
    times: { type: 'string', default: '30' },
  },
});
const profile = values.profile === 'month' ? 'month' : 'year';
if (!(values.profile in PROFILES)) throw new Error(`--profile is one of ${Object.keys(PROFILES).join(', ')}`);

const stop = new AbortController();
// What was begun is taken away again.
process.once('SIGINT', () => stop.abort(new Error('interrupted')));

const scale = Number(values.scale);
const versions = values.versions === '2' ? 2 : 1;
const [loadBefore] = loadavg();
const measured = await benchStorage({
  profile,
  scale,
  versions,
  timescaleUrl: process.env.TIMESCALE_URL || undefined,
  partitions: Number(values.partitions),
  batchRecordsMax: Number(values.batch),
  times: Number(values.times),
  nowMs: clock.nowMs(),
  onProgress: (line) => console.error(line),
  signal: stop.signal,
});

console.table(measured.tables);
console.table([...measured.queries].sort((a, b) => b.p95Ms - a.p95Ms));
const { queries, tables, ...told } = measured;
console.log(JSON.stringify(told, null, 2));
if (scale === 1) {
  const results = new URL(`./results/storage-${profile}.json`, import.meta.url);
  const machine = { node: process.versions.node, cores: availableParallelism(), loadBefore };
  writeFileSync(results, `${JSON.stringify({ profile, scale, versions, ...machine, ...measured }, null, 2)}\n`);
  console.log(`Written to ${fileURLToPath(results)}`);
}
console.log(`copy_ratio=${told.copyRatio} bytes_per_row=${told.bytesPerRow} query_p95_ms=${told.queryP95Ms}`);
