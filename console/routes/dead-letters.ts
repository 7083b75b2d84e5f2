import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { oneOf } from '../../http/answer-types.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import { type Codec, UndecodableRecord } from '../../schemas/codec.ts';
import { findLetter, LETTER_STATES, listLetters, scopeOf, type WholeLetterRow } from '../dead-letters.ts';
import type { LetterAction, LetterActions } from '../letter-actions.ts';
import type { CaptureRow } from './captures.ts';
import { pageOf, paging, rowsOf } from './filters.ts';
import { letterAction, letterFilters, letterPage, wantedOf, wholeLetter } from './letter-answers.ts';
import { UUID } from './names.ts';

const findCapture = statement(import.meta.url, '../sql/find-capture.sql');
const tags = ['dead-letters'];
const params = Type.Object({ id: UUID });

/** `GET /api/v1/dead-letters…`: what could not be dealt with, why, and what becomes of it. */
export function registerDeadLetters(
  app: Server,
  {
    store,
    codec,
    letterActions,
  }: {
    readonly store: Store;
    readonly codec: Pick<Codec, 'decode'>;
    readonly letterActions: Pick<LetterActions, 'find'>;
  },
): void {
  const querystring = Type.Object({ ...letterFilters, state: Type.Optional(oneOf(LETTER_STATES)), ...paging });
  const ofList = {
    tags,
    summary: 'Records that could not be dealt with, newest first',
    querystring,
    response: { 200: letterPage },
  };
  app.get('/api/v1/dead-letters', { schema: ofList }, async (request) => {
    const { query } = request;
    const wanted = { ...wantedOf(query), state: query.state ?? null };
    const { letters, codes } = await listLetters(store, scopeOf(userOf(request)), wanted, rowsOf(query));
    const counted = codes.filter(({ code }) => query.code === undefined || code === query.code);
    const total = counted.reduce((sum, { letters }) => sum + letters, 0);
    return { letters: [...letters], codes: [...codes], ...pageOf(query, total, letters.length) };
  });

  const ofOne = {
    tags,
    summary: 'One of them, with what it says and what became of its frame',
    params,
    response: { 200: wholeLetter },
  };
  app.get('/api/v1/dead-letters/:id', { schema: ofOne }, async (request) => {
    const letter = await findLetter(store, scopeOf(userOf(request)), request.params.id);
    const { original_value, ...listed } = letter;
    return { ...listed, ...saidBy(original_value), capture: await captureOf(letter) };
  });

  const ofAction = { tags, summary: 'How far it is with many', params, response: { 200: letterAction } };
  app.get('/api/v1/dead-letters/actions/:id', { schema: ofAction }, async (request) => {
    const action = await letterActions.find(request.params.id, scopeOf(userOf(request)));
    if (!action) throw new Problem({ status: 404, code: 'no-such-action', title: 'No such action' });
    return actionAnswer(action);
  });

  function saidBy(bytes: Buffer | null) {
    if (!bytes) return { record: null, bytes: null };
    try {
      const { name, value } = codec.decode(bytes);
      return { record: { schema: name, value: withoutBuffers(value) }, bytes: null };
    } catch (error) {
      if (!(error instanceof UndecodableRecord)) throw error;
      return { record: null, bytes: bytes.toString('base64') };
    }
  }

  async function captureOf({ frame_id, captured_at }: WholeLetterRow) {
    if (frame_id === null) return null;
    const [row] = await store.run<CaptureRow>(findCapture, [frame_id, captured_at]);
    if (!row) return null;
    const { device_id, ...same } = row;
    return { ...same, camera_id: device_id, frame_number: row.seq };
  }
}

function actionAnswer({ username, ...action }: LetterAction) {
  return { ...action, by: username, state: action.finished_at === null ? ('running' as const) : ('done' as const) };
}

/** Bytes as base64, however deep they are. */
function withoutBuffers(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(withoutBuffers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutBuffers(member)]));
}
