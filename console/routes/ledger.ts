import { type Static, Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { nullable, time } from '../../http/answer-types.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import type { Store } from '../../ports/store/store.ts';
import { DEVICE_ID } from '../../schemas/identity.ts';
import { HOUR_MS } from '../ledger.ts';
import { readLedger } from '../read-ledger.ts';
import { invalidQuery, isoTime, spanOf } from './filters.ts';

const SPAN_DAYS_MAX = 31;

const count = (description: string) => Type.Integer({ description });
const counts = {
  issued: count('Seqs given out: by how much the greatest grew.'),
  received: count('Frames that are durable.'),
  duplicates: count('Uploads of frames that were there already.'),
  missing: count('Issued, and not received.'),
  declared_drops: count('Of the missing, those that the device says it gave up.'),
  declared_queue: count('Of the missing, those that it says still wait on it, the newest first.'),
  analysed: count('Frames whose analysis is done.'),
  dead: count('Frames whose analysis was given up.'),
  residual: count('Issued, less received, declared drops and declared queue: what nobody can account for.'),
};
const range = Type.Object({ epoch: Type.Integer(), from_seq: Type.Integer(), to_seq: Type.Integer() });
const hour = Type.Object(
  {
    hour: time('When it begins, by capture times.'),
    ...counts,
    missing_ranges: Type.Array(range, { description: 'What is missing, ends included.' }),
    missing_ranges_more: count('How many more ranges there are.'),
  },
  { title: 'LedgerHour' },
);
const queue = Type.Object(
  {
    depth: count('Frames that wait on the device, by its newest word.'),
    at: time('When it said so.'),
    elsewhere: count('Of these, those that are not among the missing of this span, or that nobody has seen yet.'),
  },
  { title: 'DeclaredQueue' },
);
const answer = Type.Object(
  {
    device_id: Type.String(),
    from: time('Begins with a whole hour.'),
    to: time('Ends with a whole hour.'),
    hours: Type.Array(hour),
    totals: Type.Object(counts, { title: 'LedgerTotals' }),
    queue: nullable(queue),
    explained: nullable(Type.String({ description: 'In words, once everything is accounted for.' })),
  },
  { title: 'Ledger' },
);

const params = Type.Object({ id: Type.String({ pattern: DEVICE_ID, description: 'the id of a device' }) });
const querystring = Type.Object({
  from: Type.Optional(Type.String({ pattern: isoTime(), description: 'From the hour of this time, ISO 8601' })),
  to: Type.Optional(
    Type.String({ pattern: isoTime(), description: 'Through the hour before this time, or around it' }),
  ),
});

/** `GET /devices/:id/ledger`: what became of the frames that a device numbered, hour by hour. */
export function registerLedger(app: Server, { store, clock }: { readonly store: Store; readonly clock: Clock }): void {
  const schema = {
    tags: ['devices'],
    summary: "What became of a device's frames, by the hour",
    params,
    querystring,
    response: { 200: answer },
  };
  app.get('/devices/:id/ledger', { schema }, async ({ params: { id }, query, user }) => {
    const { fleetId } = userOf({ user });
    const span = hoursOf(query, clock.nowMs());
    const ledger = await readLedger(store, { deviceId: id, fleetId, ...span });
    if (!ledger) {
      const detail = `You have no device ${id}.`;
      throw new Problem({ status: 404, code: 'no-such-device', title: 'No such device', detail });
    }
    const { hours, totals, queue: waiting, queuedElsewhere, explained } = ledger;
    return {
      device_id: id,
      from: new Date(span.fromMs),
      to: new Date(span.toMs),
      hours: hours.map(({ hourMs, missing_ranges, ...counted }) => ({
        hour: new Date(hourMs),
        ...counted,
        missing_ranges: [...missing_ranges],
      })),
      totals,
      queue: waiting && { ...waiting, elsewhere: queuedElsewhere },
      explained,
    };
  });
}

/** Whole hours. */
function hoursOf(query: Static<typeof querystring>, nowMs: number): { fromMs: number; toMs: number } {
  const { fromMs, toMs } = spanOf(query, nowMs);
  const spanMaxMs = SPAN_DAYS_MAX * 24 * HOUR_MS;
  if (toMs - fromMs > spanMaxMs) throw invalidQuery('from', `must be at most ${SPAN_DAYS_MAX} days before to`);
  return { fromMs: Math.floor(fromMs / HOUR_MS) * HOUR_MS, toMs: Math.ceil(toMs / HOUR_MS) * HOUR_MS };
}
