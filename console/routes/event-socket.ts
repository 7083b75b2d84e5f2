import { refuseForeignPages } from '../../http/access/other-sites.ts';
import { proofOf } from '../../http/access/require-user.ts';
import type { Server } from '../../http/server.ts';
import { requireUpgrade, routeUpgrades, upgrade } from '../../http/websockets.ts';
import type { Listener, Sink } from '../live-events/listener.ts';
import type { LiveEvents } from '../live-events/live-events.ts';
import { webSocketSink } from '../live-events/web-socket.ts';
import { wantedEvents } from './event-stream.ts';

/** `GET /api/events/ws`: what `/api/events/stream` tells, by a WebSocket. */
export function registerEventSocket(app: Server, liveEvents: Pick<LiveEvents, 'listen'>): void {
  const schema = {
    tags: ['events'],
    summary: 'What happens, as it comes to be known, by a WebSocket',
    description: 'JSON messages that go on for as long as somebody listens: docs/events-live.md.',
    querystring: wantedEvents,
    response: { 101: { type: 'null', description: 'From here on it is a WebSocket.' } },
  };
  routeUpgrades(app);
  const options = {
    schema,
    config: { isStream: true },
    exposeHeadRoute: false,
    // A browser sends the password that it knows with whosoever's page asks for a WebSocket, and lets it read.
    onRequest: async (request: Parameters<typeof requireUpgrade>[0]) => {
      refuseForeignPages(request);
      await requireUpgrade(request);
    },
  };
  app.get('/api/events/ws', options, async (request, reply) => {
    const { camera_id, event_type, last_event_id } = request.query;
    let sink: Sink | null = null;
    let endedBy: Parameters<Sink['end']>[0] | null = null;
    const listener: Listener = await liveEvents.listen({
      proof: proofOf(request),
      cameras: camera_id ?? null,
      types: event_type ?? null,
      resume: last_event_id ?? null,
      sink: {
        tell: (message) => sink?.tell(message) ?? false,
        end(reason) {
          endedBy = reason;
          sink?.end(reason);
        },
      },
    });
    upgrade(request, reply, {
      onOpen(socket) {
        socket.on('error', () => undefined);
        socket.on('message', () => socket.close(1008, 'Nothing is taken here.'));
        sink = webSocketSink(socket, () => listener.goOn());
        if (endedBy === null) listener.begin();
        else sink.end(endedBy);
      },
      onClose: () => listener.end('gone'),
    });
  });
}
