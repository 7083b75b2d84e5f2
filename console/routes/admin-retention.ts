import { type Static, Type } from 'typebox';
import { requireRole } from '../../http/access/require-role.ts';
import { nullable, oneOf, time } from '../../http/answer-types.ts';
import type { Server } from '../../http/server.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import { type DeviceRetention, deviceRetention } from '../../schemas/device-retention.ts';

const sql = {
  runs: statement(import.meta.url, '../sql/list-retention-runs.sql'),
  owns: statement(import.meta.url, '../sql/list-own-retention.sql'),
  check: statement(import.meta.url, '../sql/newest-check.sql'),
};

const RUNS_MAX = 20;
const count = (description: string) => Type.Integer({ description });
const settings = Type.Object(
  {
    frames_keep: oneOf(['whole', 'analysed'], 'FRAMES_KEEP.'),
    keep_s: Type.Unsafe<Record<string, number | null>>({
      type: 'object',
      additionalProperties: { type: ['number', 'null'] },
      description:
        'By class, in seconds, as it comes to: what depends on something else goes with that. Null is for ever.',
    }),
    // A run of an earlier release says nothing of it.
    downscale: Type.Optional(
      Type.Object(
        {
          after_s: nullable(Type.Number({ description: 'FRAMES_DOWNSCALE_H, in seconds; null is never.' })),
          width: Type.Integer({ description: 'FRAMES_DOWNSCALE_WIDTH.' }),
        },
        { description: 'When pictures of analysed frames are made smaller, and how wide they are then at most.' },
      ),
    ),
  },
  { title: 'RetentionSettings' },
);
const ofClass = Type.Object(
  {
    class: Type.String(),
    rows: count('Rows that went, or references of theirs.'),
    row_bytes: count('What they were in the database.'),
    blobs: count('Pictures that were deleted.'),
    blob_bytes: count('What they were in the blob store.'),
    oldest_at: nullable(time('Of the oldest that is left.')),
    took_ms: Type.Integer(),
    error: nullable(Type.String({ description: 'Why it did not come to its end; the next run goes on.' })),
  },
  { title: 'RetentionOfClass' },
);
const downscaled = Type.Object(
  {
    smaller: count('Pictures that were made smaller.'),
    kept: count('Pictures that were small enough.'),
    unreadable: count('Pictures that are no JPEG, or not what was stored; they stay as they are.'),
    bytes: count('By how much less the pictures are.'),
    put_off: count('Pictures that could not be had just now; the next run tries again.'),
    more: Type.Boolean({ description: 'Whether there was more than a run has time for.' }),
    took_ms: Type.Integer(),
    error: nullable(Type.String({ description: 'Why it did not come to its end; the next run goes on.' })),
  },
  { title: 'Downscaled' },
);
const run = Type.Object(
  {
    started_at: time('By the clock of the aggregator.'),
    finished_at: time('Likewise.'),
    classes: Type.Array(ofClass),
    blobs_left: count('Pictures that are over, and were still to be deleted.'),
    blobs_error: nullable(
      Type.String({ description: 'Why some of them could not be deleted; the next run tries again.' }),
    ),
    downscaled: nullable(downscaled),
  },
  { title: 'RetentionRun' },
);
const finding = Type.Object(
  {
    kind: Type.String({ description: 'Such as orphan: docs/retention.md has all.' }),
    count: count('How many there were.'),
    repaired: count('How many of them are repaired.'),
    examples: Type.Array(Type.String(), { description: 'Some of them.' }),
    left: nullable(Type.String({ description: 'Why they were left alone, although they were to be repaired.' })),
  },
  { title: 'CheckFinding' },
);
const check = Type.Object(
  {
    started_at: time('By the clock of who checked.'),
    finished_at: time('Likewise.'),
    looked_at: Type.Object({
      blobs: count('In the blob store.'),
      pictures: count('Named by captures.'),
      snapshots: count('Named by events.'),
      captures: count('Frames of which there is a row.'),
    }),
    findings: Type.Array(finding, { description: 'What did not agree; none is well.' }),
  },
  { title: 'Check' },
);
const own = Type.Object({ device_id: Type.String(), retention: deviceRetention }, { title: 'OwnRetention' });
const answer = Type.Object(
  {
    settings: nullable(settings),
    devices: Type.Array(own, { description: 'Those that have times of their own.' }),
    runs: Type.Array(run, { description: 'The last ones, the newest first.' }),
    check: nullable({ ...check, description: 'The newest comparison of rows, pictures and the log.' }),
  },
  { title: 'Retention' },
);

type Run = Static<typeof run> & { readonly settings: Static<typeof settings> };

/** `GET /api/v1/admin/retention`: how long what is kept, what went, and whether all agrees. It is everybody's, and so for administrators. */
export function registerAdminRetention(app: Server, { store }: { readonly store: Store }): void {
  const schema = {
    tags: ['status'],
    summary: 'How long everything is kept, and what went in the last runs',
    description: 'For administrators. The settings are those of the newest run; null before the first.',
    response: { 200: answer },
  };
  app.get('/api/v1/admin/retention', { schema, onRequest: requireRole('admin') }, async () => {
    const [runs, devices, checks] = await Promise.all([
      store.run<Run>(sql.runs, [RUNS_MAX]),
      store.run<{ device_id: string; retention: DeviceRetention }>(sql.owns),
      store.run<Static<typeof check>>(sql.check),
    ]);
    return {
      settings: runs[0]?.settings ?? null,
      devices,
      runs: runs.map(({ settings: _, ...told }) => told),
      check: checks[0] ?? null,
    };
  });
}
