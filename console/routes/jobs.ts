import { type Static, Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { nullable, oneOf, time } from '../../http/answer-types.ts';
import type { Server } from '../../http/server.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import { DEVICE_ID } from '../../schemas/identity.ts';
import { CAPTURE_STATES, pageAnswer } from './answers.ts';
import { isoTime, pageOf, paging, rowsOf, spanOf } from './filters.ts';

const sql = {
  list: statement(import.meta.url, '../sql/list-jobs.sql'),
  count: statement(import.meta.url, '../sql/count-jobs.sql'),
};

const WAITING: readonly State[] = ['queued', 'running', 'failed'];

type State = (typeof CAPTURE_STATES)[number];

const job = Type.Object(
  {
    frame_id: Type.String({ format: 'uuid' }),
    device_id: Type.String(),
    epoch: Type.Integer(),
    seq: Type.Integer(),
    lane: oneOf(['live', 'backlog'], 'Whether the frame came in time or late.'),
    state: oneOf(CAPTURE_STATES, 'How far its analysis has come.'),
    attempts: Type.Integer({ description: 'How often it was tried.' }),
    error: nullable(Type.String({ description: 'Why the last attempt failed: a code, and words.' })),
    captured_at: time('When the picture was taken.'),
    received_at: nullable(time('When it arrived.')),
  },
  { title: 'Job' },
);

const count = (description: string) => Type.Integer({ description });
const counts = Type.Object(
  {
    queued: count('Not yet looked at.'),
    running: count('Tried just now, for longer than usual or not for the first time.'),
    failed: count('To be tried again.'),
    dead: count('Given up.'),
    done: count('Within the span alone.'),
  } satisfies Record<State, unknown>,
  { title: 'JobCounts' },
);

const answer = Type.Object(
  {
    jobs: Type.Array(job),
    counts,
    oldest_waiting_s: nullable(
      Type.Number({ description: 'How long the oldest waits that is queued, running or failed.' }),
    ),
    ...pageAnswer,
  },
  { title: 'JobPage' },
);

const spanTime = (description: string) => Type.Optional(Type.String({ pattern: isoTime(), description }));
const querystring = Type.Object({
  state: Type.Optional(oneOf(CAPTURE_STATES)),
  device_id: Type.Optional(Type.String({ pattern: DEVICE_ID, description: 'Only this device' })),
  from: spanTime('Taken from then on, ISO 8601; of what is done a day before `to`, of the rest ever, if not said'),
  to: spanTime('Taken before then; up to now, and what a clock that is fast says, if not said'),
  ...paging,
});

interface CountRow {
  readonly state: State;
  readonly all_of_them: number;
  readonly listed: number;
  readonly oldest: Date | null;
}

/** `GET /api/v1/jobs`: how far the analysis of each frame has come, newest first, and how many wait. */
export function registerJobs(app: Server, { store, clock }: { readonly store: Store; readonly clock: Clock }): void {
  const summary = 'How far the analysis of frames has come, and how many wait';
  const schema = { tags: ['frames'], summary, querystring, response: { 200: answer } };
  app.get('/api/v1/jobs', { schema }, async (request) => {
    const { query } = request;
    const { fleetId } = userOf(request);
    const device = query.device_id ?? null;
    const nowMs = clock.nowMs();
    const span = spanOf(query, nowMs);
    const from = query.from === undefined ? null : new Date(span.fromMs);
    const to = query.to === undefined ? null : new Date(span.toMs);
    const doneFrom = new Date(span.fromMs);
    const { limit, offset } = rowsOf(query);
    const [jobs, counted] = await Promise.all([
      store.run<Static<typeof job>>(sql.list, [
        query.state ?? null,
        device,
        from,
        to,
        doneFrom,
        fleetId,
        limit,
        offset,
      ]),
      store.run<CountRow>(sql.count, [device, fleetId, from, to, doneFrom]),
    ]);
    const of = new Map(counted.map((row) => [row.state, row]));
    const all = (state: State) => of.get(state)?.all_of_them ?? 0;
    const listed = counted.filter(({ state }) => query.state === undefined || state === query.state);
    const total = listed.reduce((sum, row) => sum + row.listed, 0);
    const waitingSince = WAITING.flatMap((state) => of.get(state)?.oldest?.getTime() ?? []);
    return {
      jobs,
      counts: {
        queued: all('queued'),
        running: all('running'),
        failed: all('failed'),
        dead: all('dead'),
        done: all('done'),
      },
      oldest_waiting_s: waitingSince.length === 0 ? null : Math.max(0, nowMs - Math.min(...waitingSince)) / 1_000,
      ...pageOf(query, total, jobs.length),
    };
  });
}
