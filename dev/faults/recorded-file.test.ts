import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasProgram, read } from '../compose/compose-file-under-test.ts';
import { createFaults, type Fault } from './faults.ts';
import { metricsOf, readSeries } from './read-series.ts';
import { recordedFile } from './recorded-file.ts';

const hasPromtool = hasProgram('promtool', ['--version'], 'what is recorded of faults');
const fault = createFaults()['processor-stopped'] as Fault;
const times = { beganS: 60, endedS: 360, overS: 480 };
const steps = times.overS / 15;

/** Whether promtool, with the shipped rules, agrees with what is said of a processor that is away for so long. */
function agrees(awayS: { readonly from: number; readonly to: number }): boolean {
  const values = Array.from({ length: steps }, (_, at) => (at * 15 > awayS.from && at * 15 <= awayS.to ? '0' : '1'));
  const series = [{ labels: { __name__: 'up', job: 'processor', instance: 'processor' }, values }];
  const folder = mkdtempSync(join(tmpdir(), 'passerby-recorded-'));
  try {
    mkdirSync(join(folder, 'recorded'));
    writeFileSync(join(folder, 'rules.yml'), read('ops/prometheus/rules.yml'));
    const file = join(folder, 'recorded', 'fault.yml');
    writeFileSync(file, recordedFile({ name: 'fault', fault, stepS: 15, series, ...times }));
    execFileSync('promtool', ['test', 'rules', file], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test.skipIf(!hasPromtool)(
  'what is recorded is a test: of alerts that come, of none before, and of their end',
  {
    timeout: 120_000,
  },
  () => {
    expect(agrees({ from: 60, to: 360 })).toBe(true);
    // Nothing happened; it was away from the beginning; it never came back.
    expect(agrees({ from: 0, to: 0 })).toBe(false);
    expect(agrees({ from: -300, to: 360 })).toBe(false);
    expect(agrees({ from: 60, to: 480 })).toBe(false);
  },
);

test('series are read step by step: what is missing is missing, times count from the beginning, instances are their jobs', async () => {
  const asked: URLSearchParams[] = [];
  const result = [
    { metric: { __name__: 'up', job: 'b', instance: '127.0.0.1:4' }, values: [[1_015, '1'] as const] },
    {
      metric: { __name__: 'passerby_last_run_timestamp_seconds', job: 'a', instance: '127.0.0.1:5' },
      values: [[1_000, '990.5'] as const, [1_030, '1020.1234567'] as const],
    },
  ];
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://prometheus').searchParams);
    response.end(JSON.stringify({ status: 'success', data: { result } }));
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const metrics = metricsOf('expr: sum(rate(passerby_a_total[5m])) / passerby:b:c + passerby_a_total');
    expect(metrics).toEqual(['passerby_a_total', 'up']);
    expect(await readSeries(url, metrics, { fromS: 1_000, steps: 3, stepS: 15 })).toEqual([
      {
        labels: { __name__: 'passerby_last_run_timestamp_seconds', job: 'a', instance: 'a' },
        values: ['-9.5', null, '20.1235'],
      },
      { labels: { __name__: 'up', job: 'b', instance: 'b' }, values: [null, '1', null] },
    ]);
    expect(asked.map((query) => [query.get('start'), query.get('end'), query.get('step')])).toEqual([
      ['1000', '1030', '15'],
    ]);
  } finally {
    server.closeAllConnections();
    await new Promise((settle) => server.close(settle));
  }
});
