import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import type { Log } from '../../ports/log/log.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import type { DeviceRetention } from '../../schemas/device-retention.ts';
import { drawnTypes } from '../../schemas/snapshot-config.ts';
import { classes, type Holds } from './classes.ts';
import type { RetentionConfig } from './config.ts';
import { type BlobDeletion, type DeletedBlobs, openBlobDeletion } from './delete-blobs.ts';
import { createDownscaling, type DownscalingReceipt } from './downscaling.ts';
import { expire } from './expire.ts';
import { holdAlone } from './hold-alone.ts';
import { type ClassName, type Limits, limitsOf, type Scope, scopesOf, unanalysedFor, wholeFor } from './limits.ts';
import { createRetentionMetrics } from './metrics.ts';
import { type ClassReceipt, openReceipt, type Receipt, wordsOf } from './receipt.ts';

/**
 * Lets go what is over: rows, and the blobs to which they refer. The reference goes first, in a transaction that also notes
 * the blob; the blob goes after its commit (promise 9). What goes when, classes.ts and limits.ts say. Then pictures are made
 * smaller that are to be, of what is left.
 */
export interface Retention {
  /** Runs if the last run, of whichever process, is long enough ago, and no other process is at it. */
  look(signal: AbortSignal): Promise<void>;
}

export const LOOK_AT_RETENTION_EVERY_MS = 60_000;
const RUN_EVERY_MS = 10 * 60_000;
/** So long, too, the frames are kept of what is not over, or not drawn, although their own time is over. */
const DAY_MS = 24 * 3_600_000;

const sql = {
  newest: statement(import.meta.url, './sql/newest-run.sql'),
  owns: statement(import.meta.url, './sql/own-retention.sql'),
  oldest: statement(import.meta.url, './sql/oldest-rows.sql'),
  blobsLeft: statement(import.meta.url, './sql/count-expired-blobs.sql'),
  keepRollups: statement(import.meta.url, './sql/keep-rollups.sql'),
  dropChunks: statement(import.meta.url, './sql/drop-empty-chunks.sql'),
  insert: statement(import.meta.url, './sql/insert-run.sql'),
};

interface Dependencies {
  readonly log: Pick<Log, 'lag'>;
  readonly store: Store;
  readonly blobs: Pick<Blobs, 'get' | 'put' | 'delete' | 'head' | 'health'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly config: RetentionConfig;
}

export function createRetention({
  log,
  store,
  blobs,
  clock,
  logger,
  metrics: registry,
  config,
}: Dependencies): Retention {
  const metrics = createRetentionMetrics(registry);
  const downscaling = createDownscaling({ store, blobs, clock, metrics, widthMax: config.FRAMES_DOWNSCALE_WIDTH });
  /** Where a run had come to that met too many blobs that could not be deleted. */
  let deletedUpTo = '';

  async function isTime(): Promise<boolean> {
    const [newest] = await store.run<{ finished_at: Date }>(sql.newest);
    if (!newest) return true;
    metrics.ranAt(newest.finished_at.getTime());
    const sinceMs = clock.nowMs() - newest.finished_at.getTime();
    // A run that is still to come is from before the clock was set back.
    return sinceMs >= RUN_EVERY_MS || sinceMs < 0;
  }

  /** Of whom an event may still be told, or drawn: how far behind the slowest of its readers is. */
  async function behindMs(): Promise<number> {
    const lags = await Promise.all(['aggregator', 'snapshots'].map((group) => log.lag('events', group)));
    return Math.max(0, ...lags.flat().map(({ ageMs }) => ageMs));
  }

  async function scopes(): Promise<readonly Scope[]> {
    const rows = await store.run<{ id: string; retention: DeviceRetention }>(sql.owns);
    return scopesOf(
      config,
      rows.map(({ id: deviceId, retention }) => ({ deviceId, retention })),
    );
  }

  async function run(signal: AbortSignal): Promise<void> {
    const nowMs = clock.nowMs();
    const all = await scopes();
    const keptMs = unanalysedFor(config) ?? nowMs;
    // A reader that never comes back is not waited for any longer than an analysis.
    const lateMs = Math.min(keptMs, await behindMs());
    const holds: Holds = {
      unanalysedSince: new Date(nowMs - keptMs),
      undrawnSince: new Date(nowMs - DAY_MS - lateMs),
      drawnTypes: drawnTypes(config),
    };
    const receipt = openReceipt();
    const deletion = deletionFor(receipt);
    for (const of of classes) {
      const told = receipt.of(of.name);
      await told.timed(async () => {
        for (const scope of of.ofDevices ? all : all.slice(0, 1)) {
          const limitMs = scope.limits[of.name];
          if (limitMs === null) continue;
          const beforeMs = nowMs - limitMs - (of.isSource ? lateMs : 0);
          const onGone = (gone: { readonly rows: number; readonly bytes: number }) => {
            told.gone(gone);
            metrics.rows(of.name, gone);
          };
          if (of.sums) {
            await store.run(sql.keepRollups, [new Date(beforeMs), scope.deviceId, of.sums, scope.except]);
          }
          await expire({ store, of, scope, holds, beforeMs, nowMs, onGone }, signal);
          if (of.inChunks) await store.run(sql.dropChunks, [of.inChunks, new Date(beforeMs)]);
        }
        await deletion.goOn(clock.nowMs(), signal);
      }, failed(of.name));
      if (signal.aborted) break;
    }
    deletedUpTo = deletion.place();
    const undeleted = deletion.failure();
    if (undeleted) failed('blobs')(undeleted.error);
    const downscaled = await downscaling.run({ scopes: all, holds, asOfMs: nowMs - lateMs }, signal);
    if (downscaled?.error) failed('downscaling')(downscaled.error);
    await tell({ receipt, undeleted, downscaled, startedMs: nowMs });
  }

  function deletionFor(receipt: Receipt): BlobDeletion {
    const onDeleted = (gone: DeletedBlobs) => {
      // It is told of when it is made smaller.
      if (gone.class === 'downscaled') return;
      receipt.of(gone.class).blobs(gone);
      metrics.blobs(gone.class, gone);
    };
    return openBlobDeletion({ store, blobs, after: deletedUpTo, onDeleted });
  }

  const failed = (name: ClassName | 'blobs' | 'downscaling') => (error: unknown) => {
    metrics.failed(name);
    logger.warn({ class: name, error }, 'what is over could not all go; the next run goes on');
  };

  async function tell({
    receipt,
    undeleted,
    downscaled,
    startedMs,
  }: {
    readonly receipt: Receipt;
    readonly undeleted: ReturnType<BlobDeletion['failure']>;
    readonly downscaled: DownscalingReceipt | null;
    readonly startedMs: number;
  }): Promise<void> {
    const finishedMs = clock.nowMs();
    const [[oldest], [waiting]] = await Promise.all([
      store.run<Record<ClassName, Date | null>>(sql.oldest),
      store.run<{ left: number }>(sql.blobsLeft, [new Date(finishedMs)]),
    ]);
    const limits = limitsOf(config);
    const oldestMs = Object.fromEntries(
      Object.entries(oldest ?? {}).map(([name, at]) => [name, at?.getTime() ?? null]),
    ) as Record<ClassName, number | null>;
    metrics.ages(limits, oldestMs, finishedMs);
    metrics.blobsLeft(waiting?.left ?? 0);
    const told = receipt.told().map((one): ClassReceipt & { readonly oldest_at: Date | null } => ({
      ...one,
      oldest_at: oldest?.[one.class] ?? null,
    }));
    const blobsError = undeleted && wordsOf(undeleted.error);
    const values = [settingsTold(config, limits), JSON.stringify(told), waiting?.left ?? 0, blobsError, downscaled];
    await store.run(sql.insert, [new Date(startedMs), new Date(finishedMs), ...values]);
    metrics.ranAt(finishedMs);
  }

  return {
    async look(signal) {
      if (!(await isTime())) return;
      await holdAlone(store, { lock: 'retention', signal }, async (alone) => {
        // Another process may have run while we waited.
        if (await isTime()) await run(alone);
      });
    },
  };
}

/** The times in force, as they are told: in seconds, null for ever. */
function settingsTold(config: RetentionConfig, limits: Limits) {
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1_000);
  const keepS = Object.entries(limits).map(([name, ms]) => [name, seconds(ms)]);
  return {
    frames_keep: config.FRAMES_KEEP,
    keep_s: Object.fromEntries(keepS),
    downscale: { after_s: seconds(wholeFor(config)), width: config.FRAMES_DOWNSCALE_WIDTH },
  };
}
