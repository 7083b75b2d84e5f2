import { type Static, Type } from 'typebox';
import { aggregatorConfig } from '../aggregator/config.ts';
import { diskConfig } from '../console/disk-config.ts';
import { secretConfig } from '../http/access/server-secret.ts';
import { logLevel, transportConfig } from '../http/service-config.ts';
import { ingestConfig } from '../ingest/config.ts';
import { tracingConfig } from '../ports/tracing/config.ts';
import { processorConfig } from '../processor/config.ts';
import { snapshotsConfig } from '../snapshots/config.ts';

/** Of each topic of the embedded log. */
export const PARTITIONS = 4;

/** In which that log is kept, as OpenTelemetry calls it. */
export const MESSAGING_SYSTEM = 'postgresql';

/** The embedded profile: everything in one process. Each service adds what it needs to be told. */
export const embeddedConfig = Type.Object({
  ...transportConfig,
  PORT: Type.Integer({
    default: 8080,
    minimum: 0,
    maximum: 65_535,
    description: 'Where it listens; 0 takes a free one.',
  }),
  DATA_DIR: Type.String({ default: './data', description: 'Everything that is kept: database, pictures, secrets.' }),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      description: 'A PostgreSQL 15 or later to use instead of the embedded one.',
    }),
  ),
  ADMIN_PASSWORD: Type.Optional(
    Type.String({ minLength: 10, maxLength: 200, description: 'Sets the password of the user admin, also anew.' }),
  ),
  SERVER_SECRET: Type.Optional(secretConfig.properties.SERVER_SECRET),
  LOG_LEVEL: logLevel('warn'),
  ...tracingConfig.properties,
  ...ingestConfig.properties,
  ...diskConfig.properties,
  ...processorConfig.properties,
  ...aggregatorConfig.properties,
  ...snapshotsConfig.properties,
});

export type EmbeddedConfig = Static<typeof embeddedConfig>;
