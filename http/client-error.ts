import type { Socket } from 'node:net';
import { continueTrace } from '../ports/tracing/trace.ts';
import { Problem, problemBody } from './problem.ts';

interface ConnectionError extends Error {
  readonly code?: string;
}

/** A handshake that failed, on whichever side, or what is no TLS at all. */
export function isOfTls({ code = '' }: { readonly code?: string | undefined }): boolean {
  return /^(ERR_SSL_|ERR_TLS_|EPROTO$)/.test(code);
}

/** What reaches no route: a request that is no HTTP, or one that takes too long to arrive. The connection ends with it. */
export function answerClientError(error: ConnectionError, socket: Socket): void {
  // Nobody is left to read an answer, or one has begun and a second would be taken for its body.
  // Nor is there a way to answer on which there is no TLS yet.
  if (error.code === 'ECONNRESET' || isOfTls(error) || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const problem = problemFor(error.code);
  const body = JSON.stringify(problemBody(problem, continueTrace(undefined).traceId));
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      'Content-Type: application/problem+json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function problemFor(code: string | undefined): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem({ status: 408, code: 'too-slow' });
  if (code === 'HPE_HEADER_OVERFLOW') return new Problem({ status: 431, code: 'headers-too-large' });
  return new Problem({ status: 400, code: 'malformed-request' });
}
