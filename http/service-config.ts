import { Type } from 'typebox';
import { tracingConfig } from '../ports/tracing/config.ts';

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export function logLevel(usual: (typeof LEVELS)[number]) {
  return Type.Union(
    LEVELS.map((level) => Type.Literal(level)),
    { default: usual, description: 'Logs are JSON lines on standard error.' },
  );
}

/** How it is reached, in both profiles. */
export const transportConfig = {
  HOST: Type.String({
    default: '127.0.0.1',
    description: 'The address to listen on; 0.0.0.0 and :: are all there are.',
  }),
  TLS_CERT_FILE: Type.Optional(
    Type.String({
      description: 'Serves HTTPS with this certificate (PEM), and with what takes its place. npm run certs makes one.',
    }),
  ),
  TLS_KEY_FILE: Type.Optional(Type.String({ description: 'The key of that certificate (PEM).' })),
  ALLOW_PLAIN_HTTP: Type.Boolean({
    default: false,
    description: 'Whether passwords and tokens may come readable, over plain HTTP, from other hosts.',
  }),
  TRUST_PROXY: Type.Optional(
    Type.String({
      description: 'Whose X-Forwarded-For and -Proto are believed: addresses and networks (10.0.0.0/24), by commas.',
    }),
  ),
};

/** What every service of the production profile is told. */
export function serviceConfig(port: number) {
  return {
    ...transportConfig,
    PORT: Type.Integer({ default: port, minimum: 0, maximum: 65_535, description: 'Where it listens.' }),
    LOG_LEVEL: logLevel('info'),
    ...tracingConfig.properties,
  };
}
