import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { Problem } from './problem.ts';
import type { Server } from './typed-server.ts';

/** Nothing is taken but that somebody goes. */
const MESSAGE_BYTES_MAX = 1_024;

interface Upgrade {
  readonly socket: Socket;
  readonly head: Buffer;
}

const upgrades = new WeakMap<IncomingMessage, Upgrade>();
const sockets = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  maxPayload: MESSAGE_BYTES_MAX,
  // What it would save is paid with memory for each who listens.
  perMessageDeflate: false,
});

/**
 * Has requests for an upgrade go the way of all others: past the same hooks, to a route, and answered with a problem where
 * they are refused. Node gives them to nobody else, so that one which is not upgraded is answered too, once.
 */
export function routeUpgrades(app: Server): void {
  app.server.on('upgrade', (raw: IncomingMessage, socket: Socket, head: Buffer) => {
    // Nobody would hear of it otherwise, and it would end the process.
    socket.on('error', () => undefined);
    const response = new ServerResponse(raw);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.end());
    socket.once('close', () => response.emit('close'));
    // What follows its head, if it has a body, is read by nobody any more.
    if (raw.method !== 'GET') {
      response.writeHead(501, { connection: 'close' }).end();
      return;
    }
    upgrades.set(raw, { socket, head });
    app.routing(raw, response);
  });
}

/** An `onRequest` hook: past it, the request can be upgraded. */
export async function requireUpgrade({ raw, headers }: Pick<FastifyRequest, 'raw' | 'headers'>): Promise<void> {
  if (upgrades.has(raw) && headers.upgrade?.toLowerCase() === 'websocket') return;
  throw new Problem({
    status: 426,
    code: 'upgrade-required',
    detail: 'This is for WebSockets.',
    headers: { upgrade: 'websocket', connection: 'upgrade' },
  });
}

/** From here on the connection is a WebSocket. Where the handshake is none, it is closed, as `onClose` says in either case. */
export function upgrade(
  request: FastifyRequest,
  reply: FastifyReply,
  { onOpen, onClose }: { readonly onOpen: (socket: WebSocket) => void; readonly onClose: () => void },
): void {
  const wanted = upgrades.get(request.raw);
  if (!wanted) throw new Error('a route for WebSockets without requireUpgrade');
  const { socket, head } = wanted;
  reply.hijack();
  reply.raw.detachSocket(socket);
  socket.once('close', onClose);
  if (socket.destroyed) onClose();
  else sockets.handleUpgrade(request.raw, socket, head, onOpen);
}
