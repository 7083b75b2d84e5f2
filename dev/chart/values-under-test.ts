import { parse } from 'yaml';
import { read } from '../compose/compose-file-under-test.ts';
import { services } from '../compose/services-under-test.ts';

export interface Setting {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly anyOf?: readonly { readonly const: unknown }[];
}

export const valuesText = read('ops/helm/passerby/values.yaml');
export const values = parse(valuesText);

/** What the chart says in a way of its own, and not as one of `settings`; and TLS, which is for who stands before it. */
const SAID_ELSEWHERE =
  /^(HOST|PORT|TLS_\w+|ALLOW_PLAIN_HTTP|TRUST_PROXY|KAFKA_\w+|S3_\w+|DATABASE_URL|SCHEMA_REGISTRY_URL|SERVER_SECRET(_BEFORE)?|ADMIN_PASSWORD|OTEL_EXPORTER_OTLP_HEADERS|OTEL_SERVICE_NAME)$/;

export const settingsOf = (service: string) =>
  Object.keys(services[service]?.settings ?? {}).filter((name) => !SAID_ELSEWHERE.test(name));

/** Of all services, each once, as the services know them. */
export const settings = Object.fromEntries(
  Object.entries(services).flatMap(([name, service]) =>
    settingsOf(name).map((setting) => [setting, service.settings[setting] as Setting]),
  ),
);
