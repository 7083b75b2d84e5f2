import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { time } from '../../http/answer-types.ts';
import type { Server } from '../../http/server.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import type { Store } from '../../ports/store/store.ts';
import { DEVICE_ID } from '../../schemas/identity.ts';
import { endOfMinute, readOutcomes, wholeMinutes } from '../read-outcomes.ts';
import { isoTime, requireFewBuckets, spanOf } from './filters.ts';

const count = (description: string) => Type.Integer({ description });
export const outcomeCounts = {
  accepted: count('Frames that were taken, and are durable.'),
  duplicates: count('Frames that had been taken before.'),
  refused: count('What was turned away for a reason of its own: sent again as it is, it is turned away again.'),
  unavailable: count('What was turned away for a reason of ours (5xx), and is sent again.'),
};
const code = Type.Object({ code: Type.String(), count: Type.Integer() }, { title: 'OutcomeCode' });
const bucket = Type.Object(
  {
    at: time('When it begins.'),
    ...outcomeCounts,
    codes: Type.Array(code, { description: 'What was turned away, by the code of the problem, the most first.' }),
  },
  { title: 'IngestBucket' },
);
const answer = Type.Object(
  { from: time('Begins with a whole minute.'), to: time('Ends with a whole minute.'), buckets: Type.Array(bucket) },
  { title: 'IngestOutcomes' },
);

const querystring = Type.Object({
  device_id: Type.Optional(Type.String({ pattern: DEVICE_ID, description: 'Only what this device sent' })),
  from: Type.Optional(Type.String({ pattern: isoTime(), description: 'ISO 8601; a day before `to` if not said' })),
  to: Type.Optional(Type.String({ pattern: isoTime(), description: 'ISO 8601; now if not said' })),
  bucket_s: Type.Integer({ default: 3_600, minimum: 60, maximum: 7 * 86_400, multipleOf: 60 }),
});

/** `GET /api/v1/admin/ingest`: what became of what devices sent, over time, whichever process they sent it to. */
export function registerAdminIngest(
  app: Server,
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): void {
  const schema = {
    tags: ['status'],
    summary: 'What became of the frames that were sent, over time',
    description:
      'By the minute of arrival, for a week; a few seconds behind. Operators see what their devices sent; what came ' +
      'from nobody who is known, administrators alone.',
    querystring,
    response: { 200: answer },
  };
  app.get('/api/v1/admin/ingest', { schema }, async ({ query, user }) => {
    const { fleetId } = userOf({ user });
    const { device_id: deviceId = null, bucket_s: bucketS } = query;
    const { from, to } = wholeMinutes(spanOf(query, endOfMinute(clock.nowMs())));
    requireFewBuckets(to.getTime() - from.getTime(), bucketS);
    const buckets = await readOutcomes(store, { from, to, bucketS, fleetId, deviceId });
    return { from, to, buckets: buckets.map(({ codes, ...counted }) => ({ ...counted, codes: [...codes] })) };
  });
}
