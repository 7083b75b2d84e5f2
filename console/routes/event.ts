import { userOf } from '../../http/access/require-user.ts';
import type { Server } from '../../http/server.ts';
import type { Store } from '../../ports/store/store.ts';
import { findEvent } from '../find-event.ts';
import { event } from './answers.ts';
import { eventAnswer, eventParams } from './event-answer.ts';

/** `GET /api/events/:number`: one of them. */
export function registerEvent(app: Server, store: Store): void {
  const schema = { tags: ['events'], summary: 'One event', params: eventParams, response: { 200: event } };
  app.get('/api/events/:number', { schema }, async (request) => {
    const { fleetId } = userOf(request);
    return eventAnswer(await findEvent(store, { number: request.params.number, fleetId }));
  });
}
