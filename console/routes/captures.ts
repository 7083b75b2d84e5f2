import { type Static, Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { oneOf } from '../../http/answer-types.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import { digestOf, pictureAnswers, sendPicture } from '../send-picture.ts';
import { CAPTURE_STATES, capturePage } from './answers.ts';
import { filters, filterValues, pageOf } from './filters.ts';

const sql = {
  list: statement(import.meta.url, '../sql/list-captures.sql'),
  listOfFleet: statement(import.meta.url, '../sql/list-fleet-captures.sql'),
  count: statement(import.meta.url, '../sql/count-captures.sql'),
  findBlob: statement(import.meta.url, '../sql/find-capture-blob.sql'),
};

type Capture = Static<typeof capturePage>['captures'][number];
export type CaptureRow = Omit<Capture, 'camera_id' | 'frame_number'> & { readonly device_id: string };

/** `GET /api/captures`: every frame and how far its analysis has come, newest first; and the picture itself. */
export function registerCaptures(
  app: Server,
  { store, blobs }: { readonly store: Store; readonly blobs: Blobs },
): void {
  const querystring = Type.Object({ ...filters, state: Type.Optional(oneOf(CAPTURE_STATES)) });
  const summary = 'Every frame and how far its analysis has come, newest first';
  const schema = { tags: ['frames'], summary, querystring, response: { 200: capturePage } };
  app.get('/api/captures', { schema }, async (request) => {
    const { query } = request;
    const { matching, paged } = filterValues(query, query.state);
    const { fleetId } = userOf(request);
    const [rows, counted] = await Promise.all([
      fleetId === null
        ? store.run<CaptureRow>(sql.list, paged)
        : store.run<CaptureRow>(sql.listOfFleet, [...paged, fleetId]),
      store.run<{ total: number }>(sql.count, [...matching, fleetId]),
    ]);
    const captures = rows.map(({ device_id, ...row }) => ({ ...row, camera_id: device_id, frame_number: row.seq }));
    return { captures, ...pageOf(query, counted[0]?.total ?? 0, rows.length) };
  });

  const params = Type.Object({ frame_id: Type.String({ pattern: '^[\\da-f]{8}(-[\\da-f]{4}){3}-[\\da-f]{12}$' }) });
  const ofPicture = {
    tags: ['frames'],
    summary: 'The picture of a frame',
    params,
    response: pictureAnswers(['image/jpeg'], 'The bytes as they were sent, or a smaller picture (FRAMES_DOWNSCALE_H).'),
  };
  app.get('/api/captures/:frame_id/image', { schema: ofPicture }, async (request, reply) => {
    const [found] = await store.run<{ blob_key: string | null }>(sql.findBlob, [
      request.params.frame_id,
      userOf(request).fleetId,
    ]);
    const picture = found?.blob_key ? await blobs.get(found.blob_key) : null;
    if (!picture) throw new Problem({ status: 404, code: 'no-such-picture', title: 'No such picture' });
    // It never changes, save that it may become smaller.
    return sendPicture(request, reply, { mediaType: 'image/jpeg', tag: digestOf(picture), picture: () => picture });
  });
}
