import type { Socket } from 'node:net';
import { isOfTls } from '../client-error.ts';
import type { Server } from '../typed-server.ts';

/**
 * A device that does not know our authority hangs up before it asks anything, and reaches no route that would log it.
 * At info, as other faults of callers: whoever scans ports fails here too.
 */
export function logHandshakes(app: Server): void {
  app.server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const { code } = error;
    if (isOfTls(error)) app.log.info({ address: socket.remoteAddress, code }, 'a TLS handshake failed');
  });
}
