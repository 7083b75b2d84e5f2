import { Type } from 'typebox';

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export function logLevel(usual: (typeof LEVELS)[number]) {
  return Type.Union(
    LEVELS.map((level) => Type.Literal(level)),
    { default: usual, description: 'Logs are JSON lines on standard error.' },
  );
}

/** What every service of the production profile is told. */
export function serviceConfig(port: number) {
  return {
    HOST: Type.String({
      default: '127.0.0.1',
      description: 'The address to listen on; 0.0.0.0 and :: are all there are.',
    }),
    PORT: Type.Integer({ default: port, minimum: 0, maximum: 65_535, description: 'Where it listens.' }),
    LOG_LEVEL: logLevel('info'),
  };
}
