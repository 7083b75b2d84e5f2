import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { nullable, time } from '../../http/answer-types.ts';
import type { Server } from '../../http/server.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import type { LagWatch } from '../../ports/log/watch-lag.ts';
import type { Store } from '../../ports/store/store.ts';
import { readQueue } from '../read-queue.ts';
import { lag as lagAnswer } from './answers.ts';

const count = (description: string) => Type.Integer({ description });
const captures = Type.Object(
  {
    queued: count('Wait for their analysis.'),
    running: count('Are being analysed.'),
    failed: count('Are to be analysed again.'),
    dead: count('Were given up, since there are captures.'),
  },
  { title: 'CapturesWaiting' },
);
const oldest = Type.Object(
  {
    frame_id: Type.String({ format: 'uuid' }),
    device_id: Type.String(),
    state: Type.String(),
    lane: Type.String(),
    captured_at: time('When it was taken.'),
    received_at: nullable(time('When it arrived.')),
    age_s: count('How long ago it was taken.'),
  },
  { title: 'OldestWaiting' },
);
const answer = Type.Object(
  {
    readers: Type.Array(lagAnswer, { description: 'Of the whole installation.' }),
    captures,
    oldest: nullable(oldest),
  },
  { title: 'Queue' },
);

/** `GET /api/v1/admin/queue`: what waits, and since when. */
export function registerAdminQueue(
  app: Server,
  { store, lag, clock }: { readonly store: Store; readonly lag: LagWatch; readonly clock: Clock },
): void {
  const schema = {
    tags: ['status'],
    summary: 'What waits: records for their readers, and frames for their analysis',
    description: 'Operators see frames of their devices; records wait for all devices together.',
    response: { 200: answer },
  };
  app.get('/api/v1/admin/queue', { schema }, (request) =>
    readQueue({ store, lag }, userOf(request).fleetId, clock.nowMs()),
  );
}
