/**
 * Where `npm run bench:tracing` sends its spans: a process of its own, so that its work does not count. Says on standard
 * output where it listens, and answers a GET with how many spans have come.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly unknown[] }[] }[];
}

let spans = 0;
const server = createServer(async (request, response) => {
  if (request.method === 'GET') return response.end(String(spans));
  const { resourceSpans } = (await json(request)) as Export;
  for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans += scope.spans.length;
  return response.end('{}');
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
