import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { askAgain, benchStorage, PROFILES } from './storage/bench-storage.ts';

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
 *
 * `--keep` leaves on TIMESCALE_URL's server the database that was written, and says its name; `--again NAME` asks once more
 * what is there, after a change of a statement.
 */
const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'year' },
    scale: { type: 'string', default: '1' },
    partitions: { type: 'string', default: '12' },
    batch: { type: 'string', default: '500' },
    versions: { type: 'string', default: '1' },
    times: { type: 'string', default: '30' },
    keep: { type: 'boolean', default: false },
    again: { type: 'string' },
  },
});
const profile = values.profile === 'month' ? 'month' : 'year';
if (!(values.profile in PROFILES)) throw new Error(`--profile is one of ${Object.keys(PROFILES).join(', ')}`);
const timescaleUrl = process.env.TIMESCALE_URL || undefined;
if ((values.keep || values.again) && !timescaleUrl) {
  throw new Error('--keep and --again want a server that stays: TIMESCALE_URL');
}

const stop = new AbortController();
// What was begun is taken away again.
process.once('SIGINT', () => stop.abort(new Error('interrupted')));

const times = Number(values.times);
const onProgress = (line: string) => console.error(line);
const [loadBefore] = loadavg();
const measured = values.again
  ? await askAgain(Object.assign(new URL(timescaleUrl ?? ''), { pathname: `/${values.again}` }).href, {
      times,
      onProgress,
    })
  : await benchStorage({
      profile,
      scale: Number(values.scale),
      versions: values.versions === '2' ? 2 : 1,
      timescaleUrl,
      partitions: Number(values.partitions),
      batchRecordsMax: Number(values.batch),
      times,
      keep: values.keep,
      nowMs: clock.nowMs(),
      onProgress,
      signal: stop.signal,
    });

console.table(measured.tables);
console.table([...measured.queries].sort((a, b) => b.p95Ms - a.p95Ms));
const { queries, tables, ...told } = measured;
console.log(JSON.stringify(told, null, 2));
if (measured.scale === 1) {
  const results = new URL(`./results/storage-${measured.profile}.json`, import.meta.url);
  const machine = { node: process.versions.node, cores: availableParallelism(), loadBefore };
  writeFileSync(results, `${JSON.stringify({ ...machine, ...measured }, null, 2)}\n`);
  console.log(`Written to ${fileURLToPath(results)}`);
}
console.log(`copy_ratio=${told.copyRatio} bytes_per_row=${told.bytesPerRow} query_p95_ms=${told.queryP95Ms}`);
