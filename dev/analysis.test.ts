import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collectDefaultMetrics } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrations } from '../aggregator/aggregator.ts';
import { readConfig } from '../http/read-config.ts';
import { Unusable } from '../ports/errors.ts';
import { migratePostgresLog } from '../ports/log/postgres.ts';
import { startDatabase } from '../ports/store/database-under-test.ts';
import { migrate } from '../ports/store/migrate.ts';
import { JoinedRegistry, startAnalysis } from './analysis.ts';
import { embeddedConfig } from './config.ts';

describe('the thread of the analysis', { timeout: 60_000 }, () => {
  let blobsFolder: string;
  let database: Awaited<ReturnType<typeof startDatabase>>;
  beforeEach(async () => {
    blobsFolder = mkdtempSync(join(tmpdir(), 'passerby-analysis-'));
    database = await startDatabase();
    await migratePostgresLog(database.connectionString);
    await migrate({ connectionString: database.connectionString, folder: migrations, table: 'migrations' });
  });
  afterEach(async () => {
    await database.stop();
    rmSync(blobsFolder, { recursive: true, force: true });
  });

  const start = (env: NodeJS.ProcessEnv, stopping = new AbortController().signal) => {
    const { connectionString } = database;
    const config = readConfig(embeddedConfig, env);
    return startAnalysis({ connectionString, blobsFolder, partitionCount: 4, stopWithinMs: 10_000, config }, stopping);
  };

  test('says what finds people, tells its metrics beside those of the process, and ends when it is asked to', async () => {
    const analysis = await start({});
    expect(analysis.model).toMatch(/^person-384@/);
    const stop = new AbortController();
    const running = analysis.run(stop.signal);

    const metrics = new JoinedRegistry();
    collectDefaultMetrics({ register: metrics });
    metrics.join(() => analysis.metrics());
    const names = [...(await metrics.metrics()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(names).toContain('process_cpu_seconds_total');
    expect(names).toContain('passerby_found_total');
    expect(names).toContain('passerby_aggregator_records_total');
    expect(new Set(names).size).toBe(names.length);

    stop.abort();
    await running;
    expect(await analysis.metrics()).toBe('');
  });

  test('refuses in words what its reader can mend', async () => {
    const refused = await start({ MODEL_PATH: join(blobsFolder, 'none.onnx') }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Unusable);
    expect((refused as Error).message).toMatch(/^The model .*none\.onnx cannot be used/);
  });

  test('gives up its start when the process is to stop', async () => {
    const stopping = new AbortController();
    const starting = start({}, stopping.signal);
    stopping.abort();
    await expect(starting).rejects.toThrow('stopped while it started');
  });
});
