import { readFileSync } from 'node:fs';
import swagger from '@fastify/swagger';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { registerConsole } from '../../console/app.ts';
import { createAccess } from '../../http/access/access.ts';
import { createDeviceAccess } from '../../http/access/devices/device-access.ts';
import { SECRET_CHARS_MIN } from '../../http/access/server-secret.ts';
import { securitySchemes } from '../../http/credentials.ts';
import { readConfig } from '../../http/read-config.ts';
import { createServer, type Server } from '../../http/server.ts';
import { registerIngest } from '../../ingest/app.ts';
import { ingestConfig } from '../../ingest/config.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import { completeAnswers, problemComponents } from './complete-answers.ts';
import { describeRoute } from './describe-route.ts';
import { nameSchemas } from './name-schemas.ts';

/** In the order in which they are shown. */
const tags = [
  { name: 'frames', description: 'Pictures: how they come in, and how far their analysis has come.' },
  { name: 'devices', description: 'How devices are set up, let in, and told what to do.' },
  { name: 'sites', description: 'Where devices stand.' },
  { name: 'events', description: 'What happened.' },
  { name: 'dead-letters', description: 'What could not be dealt with, and how it is sent again.' },
  { name: 'erasures', description: 'What was erased, and what is gone of it.' },
  { name: 'audit', description: 'Who has changed what.' },
  { name: 'status', description: 'How everything is now.' },
  { name: 'sign-in', description: 'Tokens for a name and a password.' },
  { name: 'users', description: 'Who there is, and what they may.' },
  { name: 'schemas', description: "The schemas of records, in the words of Confluent's schema registry." },
];

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

export interface Described {
  readonly document: OpenapiDocument;
  /** Every route that there is, in the document or not: `GET /api/events`. */
  readonly registered: readonly string[];
  /** For its caller to close. */
  readonly app: Server;
}

/** What these tools and their readers need to know of a document. */
export interface OpenapiDocument {
  readonly info: object;
  readonly tags: readonly { readonly name: string }[];
  readonly components: Readonly<Record<string, Record<string, object>>>;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, object>> };
  responses: Record<string, { description?: string; readonly $ref?: string }>;
}

/** OpenAPI of the routes that ingest and console really register; nothing behind them is there, or asked. */
export async function createDocument(): Promise<Described> {
  const metrics = new Registry();
  const app = createServer({ logger: pino({ level: 'silent' }), metrics });
  const registered: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) if (name !== 'HEAD') registered.push(`${name} ${url}`);
  });
  await app.register(swagger, {
    // The console has one of the usual name, for the document that is committed.
    decorator: 'describeRoutes',
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Passerby',
        version,
        description: 'Camera frames in; people, dwell and events out.',
        license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
      },
      tags,
      components: { securitySchemes },
    },
    transform: describeRoute,
  });
  await registerAll(app, metrics);
  await app.ready();
  const { describeRoutes } = app as unknown as { readonly describeRoutes: () => OpenapiDocument };
  const described: OpenapiDocument = JSON.parse(JSON.stringify(describeRoutes()));
  const { paths, components, ...head } = described;
  const complete = {
    ...head,
    // In an order of their own, so that a difference shows what is new, and not where it was registered.
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: { ...components, ...problemComponents },
  };
  completeAnswers(complete);
  return { document: nameSchemas(complete), registered, app };
}

export function textOf(document: OpenapiDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

async function registerAll(app: Server, metrics: Registry): Promise<void> {
  const [store, blobs, log, clock, lag, outcomes] = [absent(), absent(), absent(), absent(), absent(), absent()];
  const config = readConfig(ingestConfig, {});
  const secret = '-'.repeat(SECRET_CHARS_MIN);
  const devices = createDeviceAccess({ store, secret, config, nowMs: () => 0 });
  const diskGuard = absent();
  await registerIngest(app, { store, blobs, log, clock, codec, metrics, outcomes, diskGuard, config, secret, devices });
  const access = createAccess({ store, secret, nowMs: () => 0 });
  await registerConsole(app, {
    ...{ store, blobs, clock, lag, log, codec, access, devices },
    configPublisher: absent(),
    diskWatch: absent(),
    letterActions: absent(),
    liveEvents: { listen: absent(), close: () => undefined },
  });
}

/** Stands where a server would be, and is never called: what only describes itself needs none. */
function absent(): never {
  const get = (_: object, member: string | symbol) => () => {
    throw new Error(`${String(member)} was called to describe a route`);
  };
  return new Proxy({}, { get }) as never;
}
