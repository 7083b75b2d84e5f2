import type { Socket } from 'node:net';
import type { Server } from './typed-server.ts';

/** A browser sends one request at a time on a connection of HTTP/1.1, a camera too. */
const OPEN_MAX = 32;
const CONNECTIONS_MAX = 2_000;

/**
 * Requests that are sent without waiting for answers are all begun at once, and their answers wait in memory for the
 * first: a caller who does it without end is hung up on.
 */
export function limitPipelining(app: Server): void {
  app.server.maxConnections = CONNECTIONS_MAX;
  const open = new WeakMap<Socket, number>();
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    const count = (open.get(socket) ?? 0) + 1;
    open.set(socket, count);
    reply.raw.once('close', () => open.set(socket, (open.get(socket) ?? 1) - 1));
    if (count <= OPEN_MAX) return done();
    reply.hijack();
    socket.destroy();
  });
}
