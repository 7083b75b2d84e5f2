import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { refuseForeignPages } from '../../http/access/other-sites.ts';
import { proofOf } from '../../http/access/require-user.ts';
import type { Server } from '../../http/server.ts';
import type { Listener } from '../live-events/listener.ts';
import type { LiveEvents } from '../live-events/live-events.ts';
import { firstWords, lastWords, words } from '../live-events/server-sent.ts';
import { TEXT } from './filters.ts';

/** What is kept for one who does not take it. */
const BUFFER_BYTES = 64 * 1024;
/** For the last words to go out. */
const LAST_WORDS_MS = 5_000;

const several = (maxLength: number, description: string) =>
  Type.Optional(Type.Array(Type.String({ maxLength, pattern: TEXT }), { maxItems: 100, description }));
const id = (description: string) => Type.Optional(Type.String({ maxLength: 100, description }));

/** Which events somebody wants to be told of. */
export const wantedEvents = Type.Object({
  camera_id: several(100, 'Only these devices'),
  event_type: several(50, 'Only these, such as visit and motion'),
  last_event_id: id('As the header, for whoever cannot send it; the header counts'),
});

/** `GET /api/events/stream`: what happens, as it comes to be known. */
export function registerEventStream(app: Server, liveEvents: Pick<LiveEvents, 'listen' | 'close'>): void {
  const schema = {
    tags: ['events'],
    summary: 'What happens, as it comes to be known',
    description: 'Server-sent events that go on for as long as somebody listens: docs/events-live.md.',
    querystring: wantedEvents,
    headers: Type.Object({ 'last-event-id': id('Goes on behind the event, or position, that had this id') }),
    response: {
      200: {
        description: 'Each event as in `GET /api/events`, with its type as `event`; also `reset` and `end`.',
        content: { 'text/event-stream': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
      },
    },
  };
  const options = {
    schema,
    config: { isStream: true },
    // It would never end.
    exposeHeadRoute: false,
    onRequest: async (request: Parameters<typeof refuseForeignPages>[0]) => refuseForeignPages(request),
  };
  app.get('/api/events/stream', options, async (request, reply) => {
    const { camera_id, event_type, last_event_id } = request.query;
    let listener: Listener | null = null;
    const stream = new Readable({
      highWaterMark: BUFFER_BYTES,
      read: () => listener?.goOn(),
      destroy(error, done) {
        listener?.end('gone');
        done(error);
      },
    });
    listener = await liveEvents.listen({
      proof: proofOf(request),
      cameras: camera_id ?? null,
      types: event_type ?? null,
      resume: request.headers['last-event-id'] ?? last_event_id ?? null,
      sink: {
        tell: (message) => stream.push(words(message)),
        end(reason) {
          stream.push(lastWords(reason));
          stream.push(null);
          setTimeout(() => reply.raw.writableFinished || reply.raw.destroy(), LAST_WORDS_MS).unref();
        },
      },
    });
    stream.push(firstWords);
    listener.begin();
    // Neither a cache nor a proxy is to keep it for a while.
    reply.headers({ 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' });
    return reply.type('text/event-stream; charset=utf-8').send(stream);
  });
  app.addHook('preClose', async () => liveEvents.close());
}
