import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { bytes } from '../../http/answer-types.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import { type Blobs, isKey } from '../../ports/blobs/blobs.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import { snapshotKey } from '../../schemas/snapshot-key.ts';
import type { Lane } from '../../schemas/types.ts';

const findEvent = statement(import.meta.url, '../sql/find-event.sql');

interface EventRow {
  readonly type: string;
  readonly device_id: string;
  readonly occurred_at: Date;
  readonly lane: Lane;
  readonly snapshot_path: string | null;
}

/** `GET /api/events/:number/snapshot`: the picture drawn of an event, once there is one. */
export function registerSnapshot(
  app: Server,
  { store, blobs }: { readonly store: Store; readonly blobs: Blobs },
): void {
  const params = Type.Object({ number: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });
  const schema = {
    tags: ['events'],
    summary: 'The picture drawn of an event',
    params,
    response: {
      200: bytes('image/png', 'What the event tells of: a box around each thing, or where it moved in red, and when.'),
    },
  };
  app.get('/api/events/:number/snapshot', { schema }, async (request, reply) => {
    const { number } = request.params;
    const [event] = await store.run<EventRow>(findEvent, [number, userOf(request).fleetId]);
    const key = event ? keyOf(event) : null;
    const png = key && isKey(key) ? await blobs.get(key) : null;
    if (!png) throw new Problem({ status: 404, code: 'no-such-snapshot', title: 'No such snapshot' });
    return (
      reply
        .type('image/png')
        .header('content-disposition', `inline; filename="event_${number}_snapshot.png"`)
        // Drawn once, it never changes; it shows people, so only this browser may keep it.
        .header('cache-control', 'private, max-age=3600, immutable')
        .send(png)
    );
  });
}

/** The row says where it lies, but for a motion's from before rows did. */
function keyOf({ snapshot_path, occurred_at, ...event }: EventRow): string | null {
  if (snapshot_path !== null) return snapshot_path;
  return event.type === 'motion' ? snapshotKey({ ...event, occurred_at: occurred_at.getTime() }) : null;
}
