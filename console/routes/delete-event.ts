import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import type { Server } from '../../http/server.ts';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import type { Store } from '../../ports/store/store.ts';
import { deleteEvent } from '../delete-event.ts';
import { eventParams as params } from './event-answer.ts';

const querystring = Type.Object({
  delete_snapshot: Type.Boolean({ default: false, description: 'Its picture too.' }),
});
const answer = Type.Object(
  {
    message: Type.String({ examples: ['Event 1 deleted successfully'] }),
    snapshot_deleted: Type.Boolean({ description: 'Whether there was a picture, and it is gone, or about to go.' }),
  },
  { title: 'DeletedEvent' },
);

/** `DELETE /api/events/:number`: for good, and counted no more. */
export function registerDeleteEvent(
  app: Server,
  dependencies: { readonly store: Store; readonly blobs: Blobs; readonly clock: Clock },
): void {
  const summary = 'Delete an event, for good; what is counted of it is lowered';
  const schema = { tags: ['events'], summary, params, querystring, response: { 200: answer } };
  app.delete('/api/events/:number', { schema }, async (request) => {
    const { number } = request.params;
    const withSnapshot = request.query.delete_snapshot;
    const { isSnapshotGone } = await deleteEvent(dependencies, { number, by: userOf(request), withSnapshot });
    return { message: `Event ${number} deleted successfully`, snapshot_deleted: isSnapshotGone };
  });
}
