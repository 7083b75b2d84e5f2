import { Type } from 'typebox';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import { filters, filterValues, pageOf } from './filters.ts';

const sql = {
  list: statement(import.meta.url, '../sql/list-captures.sql'),
  count: statement(import.meta.url, '../sql/count-captures.sql'),
  findBlob: statement(import.meta.url, '../sql/find-capture-blob.sql'),
};

interface CaptureRow {
  readonly device_id: string;
  readonly seq: number;
  readonly [column: string]: unknown;
}

const STATES = ['queued', 'running', 'done', 'failed', 'dead'].map((state) => Type.Literal(state));

/** `GET /api/captures`: every frame and how far its analysis has come, newest first; and the picture itself. */
export function registerCaptures(
  app: Server,
  { store, blobs }: { readonly store: Store; readonly blobs: Blobs },
): void {
  const querystring = Type.Object({ ...filters, state: Type.Optional(Type.Union(STATES)) });
  app.get('/api/captures', { schema: { querystring } }, async ({ query }) => {
    const { matching, paged } = filterValues(query, query.state);
    const [rows, counted] = await Promise.all([
      store.run<CaptureRow>(sql.list, paged),
      store.run<{ total: number }>(sql.count, matching),
    ]);
    const captures = rows.map(({ device_id, ...row }) => ({ ...row, camera_id: device_id, frame_number: row.seq }));
    return { captures, ...pageOf(query, counted[0]?.total ?? 0, rows.length) };
  });

  const params = Type.Object({ frame_id: Type.String({ pattern: '^[\\da-f]{8}(-[\\da-f]{4}){3}-[\\da-f]{12}$' }) });
  app.get('/api/captures/:frame_id/image', { schema: { params } }, async (request, reply) => {
    const [found] = await store.run<{ blob_key: string | null }>(sql.findBlob, [request.params.frame_id]);
    const picture = found?.blob_key ? await blobs.get(found.blob_key) : null;
    if (!picture) throw new Problem({ status: 404, code: 'no-such-picture', title: 'No such picture' });
    // A frame's picture never changes; it is somebody's picture, so only this browser may keep it.
    return reply.type('image/jpeg').header('cache-control', 'private, max-age=3600, immutable').send(picture);
  });
}
