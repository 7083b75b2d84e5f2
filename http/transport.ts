import { lookup } from 'node:dns/promises';
import type { Server as SecureServer } from 'node:tls';
import type { Logger } from 'pino';
import type { Static, TObject } from 'typebox';
import { Unusable } from '../ports/errors.ts';
import type { Parts } from '../ports/process.ts';
import { isLoopback } from './loopback.ts';
import type { transportConfig } from './service-config.ts';
import { describeCertificate, type KeyPair, type KeyPairFiles, keyPairFiles, readKeyPair } from './tls/key-pair.ts';
import { createRenewal } from './tls/renewal.ts';
import { readTrustedProxies } from './trusted-proxies.ts';
import type { Server } from './typed-server.ts';

/** How a server is reached: what its settings mean on this machine. */
export interface Transport {
  /** The one address that HOST leads to. */
  readonly address: string;
  readonly loopbackOnly: boolean;
  /** Null is plain HTTP. */
  readonly tls: (KeyPair & { readonly files: KeyPairFiles }) | null;
  readonly allowPlainHttp: boolean;
  readonly trustProxy: readonly string[];
}

type TransportConfig = Static<TObject<typeof transportConfig>>;

const RENEWAL_EVERY_MS = 5_000;

/** Before anything is started: what is wrong with a certificate is told at once. */
export async function readTransport(config: TransportConfig): Promise<Transport> {
  const files = keyPairFiles(config);
  const trustProxy = readTrustedProxies(config.TRUST_PROXY);
  const address = await resolveHost(config.HOST);
  return {
    address,
    loopbackOnly: isLoopback(address),
    tls: files && { ...(await readKeyPair(files)), files },
    allowPlainHttp: config.ALLOW_PLAIN_HTTP,
    trustProxy,
  };
}

/** Listens, and from then on serves certificates that take the place of the first. Yields the server's URL. */
export async function listen(
  app: Server,
  {
    transport,
    port,
    logger,
    parts,
    takesCredentials,
  }: {
    readonly transport: Transport;
    readonly port: number;
    readonly logger: Logger;
    readonly parts: Pick<Parts, 'started' | 'every'>;
    /** Whether it has routes that ask who somebody is. */
    readonly takesCredentials: boolean;
  },
): Promise<string> {
  const { address, tls } = transport;
  // For `::` Fastify names what can be listened on and not gone to.
  const url = (await app.listen({ host: address, port })).replace('//[::]:', '//[::1]:');
  parts.started('http', () => app.close());
  if (tls) {
    logger.info(describeCertificate(tls), 'serving HTTPS');
    const renewal = createRenewal({
      server: app.server as unknown as SecureServer,
      files: tls.files,
      pair: tls,
      logger,
    });
    parts.every('TLS certificate', RENEWAL_EVERY_MS, () => renewal.look());
  } else if (takesCredentials) warnOfPlainHttp(transport, logger);
  return url;
}

/**
 * To one address, and always the same: for `localhost` Fastify would make a second server, which would keep the first
 * certificate for ever.
 */
async function resolveHost(host: string): Promise<string> {
  try {
    const { address } = await lookup(host, { verbatim: false });
    return address;
  } catch (error) {
    throw new Unusable(`HOST=${host} cannot be listened on: ${(error as Error).message}`);
  }
}

function warnOfPlainHttp({ loopbackOnly, allowPlainHttp, trustProxy }: Transport, logger: Logger): void {
  if (loopbackOnly) return;
  if (allowPlainHttp) {
    logger.warn(
      'ALLOW_PLAIN_HTTP: PASSWORDS AND TOKENS TRAVEL READABLE between this service and other hosts. ' +
        'Set TLS_CERT_FILE and TLS_KEY_FILE instead (npm run certs makes them)',
    );
  } else if (trustProxy.length > 0) {
    logger.info(
      { trustProxy },
      'plain HTTP: passwords and tokens are taken only if one of these proxies had them by HTTPS',
    );
  } else {
    logger.warn(
      'plain HTTP: PASSWORDS AND TOKENS FROM OTHER HOSTS ARE REFUSED. Set TLS_CERT_FILE and TLS_KEY_FILE (npm run certs ' +
        'makes them), or TRUST_PROXY for a TLS front; ALLOW_PLAIN_HTTP=true takes them readable, as they come',
    );
  }
}
