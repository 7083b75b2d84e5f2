import type { Socket } from 'node:net';
import { Problem } from './problem.ts';
import type { Server } from './typed-server.ts';

/**
 * When the server begins to close: requests that still arrive are turned away, running ones finish, connections go as
 * soon as they are idle. What runs longer than the grace is cut off, or one stalled upload would hold up the process.
 */
export function closeGracefully(app: Server, { graceMs }: { readonly graceMs: number }): void {
  let closing = false;
  let cutOff: NodeJS.Timeout | undefined;
  // The server's own `closeAllConnections` knows only those whose TLS handshake is done.
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  app.addHook('onRequest', (_request, _reply, done) => {
    if (!closing) return done();
    const headers = { connection: 'close', 'retry-after': '2' };
    done(new Problem({ status: 503, code: 'unavailable', detail: 'This server is shutting down.', headers }));
  });

  // Node keeps a connection alive after the answer even when its server no longer listens, for as long as the
  // keep-alive timeout; both hooks are against that, the second for answers whose headers were out already.
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('onResponse', (_request, _reply, done) => {
    if (closing) setImmediate(() => app.server.closeIdleConnections());
    done();
  });

  app.addHook('preClose', (done) => {
    closing = true;
    cutOff = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, graceMs);
    done();
  });
  app.addHook('onClose', (_app, done) => {
    clearTimeout(cutOff);
    done();
  });
}
