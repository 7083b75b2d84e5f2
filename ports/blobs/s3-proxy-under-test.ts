import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request on its way: a fault either deals with it, or lets it pass. */
export interface Passing {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The real server's answer, which is not given to the client yet. */
  forward(): Promise<IncomingMessage>;
  /** As if nobody stood in between. */
  pass(): Promise<void>;
  /** An error as S3 words it. */
  refuse(status: number, code: string): void;
  /** Cuts the connection, which the client sees as a server that died. */
  cut(): void;
}

export type Fault = (passing: Passing) => Promise<void> | void;

/** Stands before a real S3 server, and does to its clients what bad networks and other servers do. */
export async function startProxy(target: string) {
  let fault: Fault = ({ pass }) => pass();
  let requests = 0;
  const server = createServer((incoming, response) => {
    requests++;
    Promise.resolve(fault(describePassing(incoming, response, target))).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set fault(next: Fault) {
      fault = next;
    },
    heal() {
      fault = ({ pass }) => pass();
    },
    requestCount: () => requests,
    connectionCount: () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count))),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function describePassing(incoming: IncomingMessage, response: ServerResponse, target: string): Passing {
  const forward = () =>
    new Promise<IncomingMessage>((resolve, reject) => {
      // The header Host stays what the client signed.
      const { method, headers } = incoming;
      const outgoing = request(new URL(incoming.url ?? '/', target), { method: method ?? 'GET', headers }, resolve);
      outgoing.on('error', reject);
      incoming.on('close', () => {
        if (!incoming.complete) outgoing.destroy();
      });
      incoming.pipe(outgoing);
    });
  return {
    request: incoming,
    response,
    forward,
    async pass() {
      const answer = await forward();
      // A server that ends connections would have us do the same to the client, whose pool is to be seen.
      const { connection: _, ...headers } = answer.headers;
      response.writeHead(answer.statusCode ?? 500, headers);
      answer.pipe(response);
    },
    refuse(status, code) {
      incoming.resume();
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>refused by a test</Message></Error>`);
    },
    cut: () => incoming.socket.destroy(),
  };
}
