import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { nullable, time } from '../../http/answer-types.ts';
import type { Server } from '../../http/server.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import type { LagWatch } from '../../ports/log/watch-lag.ts';
import type { Store } from '../../ports/store/store.ts';
import type { ReadDisk } from '../read-disk.ts';
import { MINUTE_MS, readOutcomes, wholeMinutes } from '../read-outcomes.ts';
import { readQueue } from '../read-queue.ts';
import { diskState } from './admin-disk.ts';
import { outcomeCounts } from './admin-ingest.ts';

const HOUR_MS = 60 * MINUTE_MS;

const count = (description: string) => Type.Integer({ description });
const answer = Type.Object(
  {
    now: time("The service's clock."),
    ingest: Type.Object(
      { since: time('When the last hour began, with a whole minute.'), ...outcomeCounts },
      { title: 'IngestLastHour' },
    ),
    queue: Type.Object(
      {
        records: count('Records of the log that wait, for the reader that is furthest behind.'),
        seconds: Type.Number({ description: 'How long the oldest of any reader has waited.' }),
        frames: count('Frames that are yet to be analysed.'),
        oldest_frame_s: nullable(count('How long ago the oldest of them was taken.')),
      },
      { title: 'QueueDepth' },
    ),
    disk: nullable(
      Type.Object(
        {
          state: diskState,
          free_bytes: nullable(count('On the fullest disk, as far as it is known.')),
          lasts_s: nullable(count('How long there is room for pictures.')),
          database_bytes: nullable(count('How large the database is.')),
        },
        { title: 'DiskSummary', description: 'For administrators.' },
      ),
    ),
  },
  { title: 'AdminMetrics' },
);

interface Dependencies {
  readonly store: Store;
  readonly lag: LagWatch;
  readonly readDisk: ReadDisk;
  readonly clock: Clock;
}

/** `GET /api/v1/admin/metrics`: success and failure, depth and room at a glance, for a dashboard. */
export function registerAdminMetrics(app: Server, dependencies: Dependencies): void {
  const schema = {
    tags: ['status'],
    summary: 'Success and failure of the last hour, what waits, and how the disks are',
    response: { 200: answer },
  };
  app.get('/api/v1/admin/metrics', { schema }, async (request) => {
    const { fleetId } = userOf(request);
    const nowMs = dependencies.clock.nowMs();
    const [ingest, queue, disk] = await Promise.all([
      lastHour(dependencies.store, fleetId, nowMs),
      queueDepth(dependencies, fleetId, nowMs),
      fleetId === null ? diskSummary(dependencies.readDisk) : null,
    ]);
    return { now: new Date(nowMs), ingest, queue, disk };
  });
}

async function lastHour(store: Store, fleetId: string | null, nowMs: number) {
  const { from, to } = wholeMinutes({ fromMs: nowMs - HOUR_MS, toMs: nowMs + 1 });
  const bucketS = (to.getTime() - from.getTime()) / 1_000;
  const [bucket] = await readOutcomes(store, { from, to, bucketS, fleetId, deviceId: null });
  const { accepted = 0, duplicates = 0, refused = 0, unavailable = 0 } = bucket ?? {};
  return { since: from, accepted, duplicates, refused, unavailable };
}

async function queueDepth(dependencies: Dependencies, fleetId: string | null, nowMs: number) {
  const { readers, captures, oldest } = await readQueue(dependencies, fleetId, nowMs);
  return {
    records: Math.max(0, ...readers.map(({ records }) => records)),
    seconds: Math.max(0, ...readers.map(({ seconds }) => seconds)),
    frames: captures.queued + captures.running + captures.failed,
    oldest_frame_s: oldest?.age_s ?? null,
  };
}

async function diskSummary(readDisk: ReadDisk) {
  const { state, blobs, folders, database } = await readDisk();
  const free = [blobs, ...folders].flatMap(({ free_bytes }) => free_bytes ?? []);
  return {
    state,
    free_bytes: free.length > 0 ? Math.min(...free) : null,
    lasts_s: blobs.lasts_s,
    database_bytes: database.total_bytes,
  };
}
