import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { benchApi } from './api/bench-api.ts';
import { withLoaded } from './storage/bench-storage.ts';

/**
 * `npm run bench:api`: how long the events API takes with `--readers 50` of one request a second each, for `--seconds 20` of
 * each kind: pages, statistics, pictures, and single events, of a made-up year of 100 cameras (`--scale 0.05` of its 40
 * million events; see bench:storage, which writes it). The console is the real one, over HTTP, in this process; pictures lie
 * in memory. On TimescaleDB where TIMESCALE_URL names a server, else on the PostgreSQL that it brings.
 *
 * `--keep` leaves the database on TIMESCALE_URL's server, and says its name; `--again NAME` asks once more what is there.
 */
const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '0.05' },
    readers: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
    keep: { type: 'boolean', default: false },
    again: { type: 'string' },
  },
});
const timescaleUrl = process.env.TIMESCALE_URL || undefined;
if ((values.keep || values.again) && !timescaleUrl) {
  throw new Error('--keep and --again want a server that stays: TIMESCALE_URL');
}
const stop = new AbortController();
// What was begun is taken away again.
process.once('SIGINT', () => stop.abort(new Error('interrupted')));

const onProgress = (line: string) => console.error(line);
const [loadBefore] = loadavg();
const scale = Number(values.scale);
const options = { readers: Number(values.readers), seconds: Number(values.seconds), onProgress };
const benches = values.again
  ? await benchApi(Object.assign(new URL(timescaleUrl ?? ''), { pathname: `/${values.again}` }).href, options)
  : await withLoaded(
      {
        ...{ profile: 'year', scale, versions: 1, timescaleUrl, partitions: 12, batchRecordsMax: 500, times: 0 },
        ...{ keep: values.keep, nowMs: clock.nowMs(), onProgress, signal: stop.signal },
      },
      (connectionString) => benchApi(connectionString, options),
    );
console.table(benches);
const machine = { node: process.versions.node, cores: availableParallelism(), loadBefore };
const results = new URL('./results/api.json', import.meta.url);
writeFileSync(
  results,
  `${JSON.stringify({ ...machine, scale: values.again ?? scale, ...options, benches }, null, 2)}\n`,
);
console.log(`Written to ${fileURLToPath(results)}`);
console.log(benches.map(({ kind, p95Ms }) => `${kind}_p95_ms=${p95Ms}`).join(' '));
