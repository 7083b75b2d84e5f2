import { Type } from 'typebox';
import { requireRole } from '../../http/access/require-role.ts';
import { userOf } from '../../http/access/require-user.ts';
import type { User } from '../../http/access/users.ts';
import { nullable, oneOf, time } from '../../http/answer-types.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import type { Log } from '../../ports/log/log.ts';
import { DEVICE_ID } from '../../schemas/identity.ts';
import { topics } from '../../schemas/topics.ts';
import type { ErasureRow, Erasures, ErasureWanted } from '../erasures/erasures.ts';
import { logDeadlines } from '../erasures/receipt.ts';
import { pageAnswer } from './answers.ts';
import { isoTime, msOf, pageOf, paging, rowsOf, TEXT } from './filters.ts';
import { UUID } from './names.ts';

const tags = ['erasures'];
const KINDS = ['device', 'range', 'person'] as const;
const deviceId = Type.String({ pattern: DEVICE_ID });
const personId = Type.String({ minLength: 1, maxLength: 200, pattern: TEXT });
const isoText = Type.String({ pattern: isoTime() });
const counts = (description: string) => Type.Record(Type.String(), Type.Integer(), { description });

const erasure = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    kind: oneOf(KINDS, 'What is erased.'),
    device_ids: Type.Array(Type.String(), { description: 'Of which devices.' }),
    person_id: nullable(Type.String({ description: 'Whom; of a person.' })),
    from: nullable(time('From when on; of a range.')),
    to: nullable(time('Up to and without this time; of a range.')),
    requested_at: time('When it was asked for: since then nothing of it is written any more.'),
    by: Type.String({ description: 'By whom.' }),
    state: oneOf(['running', 'done']),
    step: Type.String({ description: 'What is being done.' }),
    gone: counts('How much is gone, by what it was.'),
    error: nullable(Type.String({ description: 'Why it does not go on just now.' })),
    finished_at: nullable(time('When all was gone from tables, blobs and states.')),
    applied_again_at: nullable(time('When it was last carried out anew, after a restore.')),
    log: Type.Array(
      Type.Object({ topic: oneOf(Object.keys(topics)), by: time('From then on the topic holds nothing of it.') }),
      { description: 'By when records of it are gone from the log; while it is running, as if it were done now.' },
    ),
  },
  { title: 'Erasure' },
);

const counted = Type.Object(
  {
    dry_run: Type.Literal(true),
    device_ids: Type.Array(Type.String()),
    counts: counts('How much there is of it, by what it is.'),
  },
  { title: 'CountedErasure' },
);

const body = Type.Object(
  {
    kind: oneOf(KINDS, 'A whole device, a time of a device, or a person.'),
    device_id: Type.Optional(deviceId),
    person_id: Type.Optional(personId),
    from: Type.Optional(isoText),
    to: Type.Optional(isoText),
    dry_run: Type.Boolean({ default: false, description: 'Only count what there is of it.' }),
  },
  { additionalProperties: false },
);

interface Asked {
  readonly kind: (typeof KINDS)[number];
  readonly device_id?: string;
  readonly person_id?: string;
  readonly from?: string;
  readonly to?: string;
}

interface Dependencies {
  readonly erasures: Erasures;
  readonly clock: Clock;
  readonly log: Pick<Log, 'eraseConsumed'>;
}

/** `GET /api/v1/erasures…`: what was erased, how far it has come, and by when the rest of it is gone. */
export function registerErasures(app: Server, { erasures, ...asking }: Dependencies): void {
  const page = Type.Object({ erasures: Type.Array(erasure), ...pageAnswer }, { title: 'ErasurePage' });
  const querystring = Type.Object(paging);
  const ofList = { tags, summary: 'What was erased, newest first', querystring, response: { 200: page } };
  app.get('/api/v1/erasures', { schema: ofList }, async (request) => {
    const { query } = request;
    const { erasures: rows, total } = await erasures.list(userOf(request).fleetId, rowsOf(query));
    return { erasures: rows.map((row) => receiptOf(row, asking)), ...pageOf(query, total, rows.length) };
  });

  const params = Type.Object({ id: UUID });
  const ofOne = { tags, summary: 'What is gone, and what goes by when', params, response: { 200: erasure } };
  app.get('/api/v1/erasures/:id', { schema: ofOne }, async (request) =>
    receiptOf(await erasures.find(userOf(request).fleetId, request.params.id), asking),
  );

  const ofRequest = {
    tags,
    summary: 'Erase a device, a time of a device, or a person',
    description:
      'With `dry_run` it is only counted. A device needs `device_id`; a range `device_id`, `from` and `to`; a person ' +
      '`person_id`, and `device_id` where no visit is known of them any more. It cannot be undone: docs/erasure.md.',
    body,
    response: { 200: counted, 202: erasure },
  };
  const requireAdmin = requireRole('admin');
  app.post('/api/v1/erasures', { schema: ofRequest }, async (request, reply) => {
    const user = userOf(request);
    if (!isOwner(user)) await requireAdmin(request);
    const wanted = wantedOf(request.body, asking.clock.nowMs());
    const of = { by: user, fleetId: user.fleetId };
    if (!request.body.dry_run) return reply.code(202).send(receiptOf(await erasures.request(wanted, of), asking));
    const { devices, counts } = await erasures.count(wanted, of);
    return reply.code(200).send({ dry_run: true, device_ids: [...devices], counts: { ...counts } });
  });
}

/** Of their own devices; who works for somebody erases nothing of theirs. */
function isOwner({ id, fleetId }: User): boolean {
  return fleetId === id;
}

function wantedOf({ kind, device_id, person_id, ...span }: Asked, nowMs: number): ErasureWanted {
  const isRange = kind === 'range';
  if (device_id === undefined && kind !== 'person') throw invalid('device_id', 'is missing');
  if ((person_id === undefined) === (kind === 'person')) {
    throw invalid('person_id', kind === 'person' ? 'is missing' : `is for a person, and not for a ${kind}`);
  }
  for (const name of ['from', 'to'] as const) {
    if ((span[name] === undefined) === isRange) {
      throw invalid(name, isRange ? 'is missing' : `is for a range, and not for a ${kind}`);
    }
  }
  if (kind === 'person') return { kind, personId: person_id ?? '', deviceId: device_id ?? null };
  if (kind === 'device') return { kind, deviceId: device_id ?? '' };
  const [fromMs, toMs] = [msOf(span, 'from', invalid) ?? 0, msOf(span, 'to', invalid) ?? 0];
  if (fromMs >= toMs) throw invalid('from', 'must be before to');
  if (toMs > nowMs) throw invalid('to', 'is still to come: what is not there yet cannot be erased');
  return { kind, deviceId: device_id ?? '', fromMs, toMs };
}

function invalid(name: string, detail: string): Problem {
  const errors = [{ in: 'body', pointer: `#/${name}`, detail }] as const;
  const title = 'Invalid request';
  return new Problem({ status: 422, code: 'invalid-request', title, detail: `body #/${name}: ${detail}`, errors });
}

function receiptOf(row: ErasureRow, { clock, log }: Omit<Dependencies, 'erasures'>) {
  const { devices, from_at, to_at, username, device_id: _, gone, ...same } = row;
  const deadlines = logDeadlines(row, { nowMs: clock.nowMs(), erasesConsumed: log.eraseConsumed !== undefined });
  return {
    ...same,
    device_ids: [...devices],
    from: from_at,
    to: to_at,
    by: username,
    gone: { ...gone },
    state: row.finished_at === null ? ('running' as const) : ('done' as const),
    log: [...deadlines],
  };
}
