import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readConfig } from '../../http/read-config.ts';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { Outage } from '../../ports/errors.ts';
import type { Log } from '../../ports/log/log.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import { retentionConfig } from '../retention/config.ts';
import { HOUR_MS, NOON_MS, type RetentionRig, startRetentionRig } from '../retention/rig-under-test.ts';
import { createDailyCheck } from './daily-check.ts';

let rig: RetentionRig;
let log: Log;
beforeAll(async () => {
  rig = await startRetentionRig();
  log = await rig.services.openLog(rig.clock);
});
afterAll(() => rig.services.stop());

/** Of the last look. */
let metrics: Registry;
const lines: { readonly msg: string }[] = [];
const ORPHANS = ['images/cam/1.jpg', 'images/cam/2.jpg', 'images/cam/3.jpg'];
beforeEach(async () => {
  await rig.empty();
  lines.length = 0;
  const old = new Date(NOON_MS - 30 * HOUR_MS);
  for (const key of ORPHANS) {
    await rig.blobs.put(key, Buffer.from('x'));
    utimesSync(join(rig.services.blobsFolder, key), old, old);
  }
});

function look(signal: AbortSignal, blobs: Partial<Blobs> = {}): Promise<void> {
  metrics = new Registry();
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return createDailyCheck({
    ...{ store: rig.services.store, blobs: { ...rig.blobs, ...blobs }, log, codec, clock: rig.clock },
    ...{ config: readConfig(retentionConfig, {}), logger, metrics },
  }).look(signal);
}

const left = async () => ({ checks: await rig.countOf('checks'), keys: await rig.keys() });
const told = () => lines.map(({ msg }) => msg);

test('checks once a day, has orphans go, and notes what it found', async () => {
  const going = new AbortController().signal;
  await look(going);
  expect(await left()).toEqual({ checks: 1, keys: [] });
  await look(going);
  expect(await rig.countOf('checks')).toBe(1);
  rig.clock.advance(24 * HOUR_MS);
  await look(going);
  expect(await rig.countOf('checks')).toBe(2);
});

test('tells what it found and did not repair, and when', async () => {
  await rig.addFrame({ atMs: rig.clock.nowMs() - 2 * HOUR_MS });
  for (const key of await rig.keys()) if (!ORPHANS.includes(key)) await rig.blobs.delete(key);
  await look(new AbortController().signal);
  const values = (name: string) => metrics.getSingleMetric(name)?.get();
  const found = (await values('passerby_check_findings'))?.values.map(({ labels, value }) => [labels.kind, value]);
  expect(Object.fromEntries(found ?? [])).toMatchObject({ 'picture-missing': 1, 'snapshot-missing': 0, orphan: 0 });
  expect((await values('passerby_check_last_run_timestamp_seconds'))?.values).toMatchObject([
    { value: rig.clock.nowMs() / 1_000 },
  ]);
  expect(told()).toContainEqual(expect.stringContaining('do not agree'));
});

test('told to stop before it began, lists nothing and notes nothing', async () => {
  let lists = 0;
  const list = (prefix: string) => {
    lists += 1;
    return rig.blobs.list(prefix);
  };
  await look(AbortSignal.abort(), { list });
  expect([lists, await left(), told()]).toEqual([
    0,
    { checks: 0, keys: ORPHANS },
    [expect.stringContaining('was stopped')],
  ]);
});

test('told to stop while it lists, lists no further than a page', async () => {
  const stopping = new AbortController();
  let listed = 0;
  await look(stopping.signal, {
    async *list() {
      for (; listed < 20_000; listed += 1) {
        if (listed === 10) stopping.abort();
        yield `images/cam/${listed}.jpg`;
      }
    },
  });
  expect(listed).toBeLessThan(10_000);
  expect([await left(), told()]).toEqual([{ checks: 0, keys: ORPHANS }, [expect.stringContaining('was stopped')]]);
});

test('told to stop while the database is at one of its statements, has that cancelled', async () => {
  const stopping = new AbortController();
  await rig.services.store.transaction(async (another) => {
    await another.run({ name: 'hold', text: 'lock table captures in access exclusive mode' });
    const looking = look(stopping.signal);
    const waits = { name: 'waits', text: `select from pg_locks where relation = 'captures'::regclass and not granted` };
    await expect.poll(() => another.run(waits), { timeout: 20_000 }).toHaveLength(1);
    stopping.abort();
    await looking;
  });
  expect([await left(), told()]).toEqual([{ checks: 0, keys: ORPHANS }, [expect.stringContaining('was stopped')]]);
});

test('told to stop while it repairs, repairs no further; the next one does', async () => {
  const stopping = new AbortController();
  await look(stopping.signal, {
    async delete(key) {
      stopping.abort();
      await rig.blobs.delete(key);
    },
  });
  expect(await left()).toEqual({ checks: 0, keys: ORPHANS.slice(1) });
  await look(new AbortController().signal);
  expect(await left()).toEqual({ checks: 1, keys: [] });
});

test('that has lost its lock to whoever comes next stops as well', async () => {
  const cutOff = `select pg_terminate_backend(pid) from pg_locks
    where relation = 'locks.check'::regclass and granted
      and database = (select oid from pg_database where datname = current_database())`;
  let pages = 0;
  const looking = look(new AbortController().signal, {
    async *list() {
      expect(await rig.query(cutOff)).toHaveLength(1);
      // It is noticed with the next beat of whoever has the lock.
      for (; pages < 200; pages += 1) {
        await sleep(100);
        for (let at = 0; at < 5_000; at += 1) yield `images/cam/${pages}-${at}.jpg`;
      }
    },
  });
  await expect(looking).rejects.toThrow(Outage);
  expect(pages).toBeLessThan(200);
  expect(await left()).toEqual({ checks: 0, keys: ORPHANS });
});
