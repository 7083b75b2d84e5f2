import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** An alert as Alertmanager tells it. */
export interface ToldAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly fingerprint: string;
}

export interface Webhook {
  readonly url: string;
  /** In the order in which they were told. */
  readonly told: readonly ToldAlert[];
  close(): Promise<void>;
}

/** Whoever is to be told of alerts: keeps what Alertmanager sends. */
export async function startWebhook(): Promise<Webhook> {
  const told: ToldAlert[] = [];
  const server = createServer((request, response) => {
    json(request).then(
      (body) => {
        told.push(...(body as { alerts: ToldAlert[] }).alerts);
        response.end();
      },
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    told,
    close: () =>
      new Promise((settle) => {
        server.close(() => settle());
        server.closeAllConnections();
      }),
  };
}
