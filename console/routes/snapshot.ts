import { userOf } from '../../http/access/require-user.ts';
import { bytes } from '../../http/answer-types.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import { type Blobs, isKey } from '../../ports/blobs/blobs.ts';
import type { Store } from '../../ports/store/store.ts';
import { snapshotKey } from '../../schemas/snapshot-key.ts';
import { findEvent } from '../find-event.ts';
import { eventParams as params } from './event-answer.ts';

/** `GET /api/events/:number/snapshot`: the picture drawn of an event, once there is one. */
export function registerSnapshot(
  app: Server,
  { store, blobs }: { readonly store: Store; readonly blobs: Blobs },
): void {
  const schema = {
    tags: ['events'],
    summary: 'The picture of a motion that is over',
    params,
    response: { 200: bytes('image/png', 'Where it moved in red, and when.') },
  };
  app.get('/api/events/:number/snapshot', { schema }, async (request, reply) => {
    const { number } = request.params;
    const event = await findEvent(store, { number, fleetId: userOf(request).fleetId });
    // Where it would lie follows from the event; the blob store knows whether it has been drawn.
    const key = snapshotKey({ ...event, occurred_at: Date.parse(`${event.occurred_at}Z`) });
    const png = isKey(key) ? await blobs.get(key) : null;
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
