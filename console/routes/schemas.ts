import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { type TSchema, Type } from 'typebox';
import type { Server } from '../../http/server.ts';
import type { Codec, CodecSchema } from '../../schemas/codec.ts';
import { subjectOf } from '../../schemas/subject.ts';
import { topics } from '../../schemas/topics.ts';

/**
 * The read half of a schema registry's API, as Confluent documents it: enough for stock clients to read our records.
 * The ids are the codec's, so they are right whether they are fixed or a registry's. It asks for no password: what it
 * tells is in the source for everybody.
 */
export function registerSchemas(app: Server, { schemas }: Pick<Codec, 'schemas'>): void {
  const byId = new Map(schemas.map((schema) => [schema.id, schema]));
  const subjects = subjectsOf(schemas);

  app.get('/schemas/types', told('The kinds of schema', Type.Array(Type.Literal('AVRO'))), async (_request, reply) =>
    send(reply, 200, ['AVRO']),
  );

  app.get<{ Params: { id: string } }>(
    '/schemas/ids/:id',
    told('A schema by its id', avro, 404),
    async ({ params }, reply) => {
      const found = byId.get(numberIn(params.id));
      return found ? send(reply, 200, { schema: textOf(found) }) : refuse(reply, REFUSALS.schemaUnknown);
    },
  );

  app.get<{ Params: { id: string } }>(
    '/schemas/ids/:id/subjects',
    told('The subjects of a schema', names, 404),
    async ({ params }, reply) => {
      const found = placesOf(numberIn(params.id));
      return found
        ? send(reply, 200, [...new Set(found.map(({ subject }) => subject))])
        : refuse(reply, REFUSALS.schemaUnknown);
    },
  );

  app.get<{ Params: { id: string } }>(
    '/schemas/ids/:id/versions',
    told('The subjects and versions of a schema', places, 404),
    async ({ params }, reply) => {
      const found = placesOf(numberIn(params.id));
      return found ? send(reply, 200, found) : refuse(reply, REFUSALS.schemaUnknown);
    },
  );

  app.get('/subjects', told('All subjects', names), async (_request, reply) => send(reply, 200, [...subjects.keys()]));

  app.get<{ Params: { subject: string } }>(
    '/subjects/:subject/versions',
    told('The versions of a subject', Type.Array(Type.Integer()), 404),
    async ({ params }, reply) => {
      const versions = subjects.get(params.subject);
      return versions ? send(reply, 200, [...versions.keys()]) : refuse(reply, REFUSALS.subjectUnknown);
    },
  );

  app.get<{ Params: { subject: string; version: string } }>(
    '/subjects/:subject/versions/:version',
    told('A schema by its subject and version; latest is one too', filed, 404, 422),
    async ({ params: { subject, version } }, reply) => {
      const versions = subjects.get(subject);
      if (!versions) return refuse(reply, REFUSALS.subjectUnknown);
      const number = version === 'latest' || version === '-1' ? Math.max(...versions.keys()) : numberIn(version);
      if (Number.isNaN(number)) return refuse(reply, REFUSALS.versionInvalid);
      const found = versions.get(number);
      if (!found) return refuse(reply, REFUSALS.versionUnknown);
      return send(reply, 200, { subject, version: number, id: found.id, schema: textOf(found) });
    },
  );

  // The half that writes is answered in the same form, so that a client shows the reason and not just a number; and
  // before its body is looked at, which is in a media type that nothing else here takes.
  const handler = async (_request: FastifyRequest, reply: FastifyReply) => refuse(reply, REFUSALS.readOnly);
  for (const url of ['/subjects/:subject', '/subjects/:subject/versions', '/subjects/:subject/versions/:version']) {
    app.route({ method: ['POST', 'PUT', 'DELETE'], url, onRequest: handler, handler });
  }

  function placesOf(id: number) {
    if (!byId.has(id)) return null;
    return [...subjects].flatMap(([subject, versions]) =>
      [...versions].filter(([, schema]) => schema.id === id).map(([version]) => ({ subject, version })),
    );
  }
}

const avro = Type.Object({ schema: Type.String({ description: 'As text.' }) });
const names = Type.Array(Type.String());
const place = { subject: Type.String(), version: Type.Integer() };
const places = Type.Array(Type.Object(place));
const filed = Type.Object({ ...place, id: Type.Integer(), ...avro.properties });
const refusal = Type.Object({ error_code: Type.Integer(), message: Type.String() }, { title: 'RegistryRefusal' });

/** What a route says of itself: its refusals are the registry's, not problems. */
function told(summary: string, answer: TSchema, ...refused: readonly number[]): { schema: FastifySchema } {
  const as = (description: string, schema: TSchema) => ({ description, content: { [MEDIA_TYPE]: { schema } } });
  const refusals = refused.map((status) => [status, as('There is none, or it cannot be one.', refusal)] as const);
  const response = { 200: as(summary, answer), ...Object.fromEntries(refusals) };
  return { schema: { tags: ['schemas'], summary, response } };
}

type Versions = ReadonlyMap<number, CodecSchema>;

/**
 * By the full name of the record, and by `<topic>-value`, where tools look first, for each topic that carries one kind
 * of record only. Of two ids for one version the later in the codec's list is the one that is written.
 */
function subjectsOf(schemas: readonly CodecSchema[]): ReadonlyMap<string, Versions> {
  const subjects = new Map<string, Map<number, CodecSchema>>();
  for (const schema of schemas) {
    const carriers = Object.entries(topics).filter(
      ([, { records }]) => records.length === 1 && records.some((name) => name === schema.name),
    );
    for (const subject of [subjectOf(schema), ...carriers.map(([topic]) => `${topic}-value`)]) {
      const versions = subjects.get(subject) ?? new Map();
      subjects.set(subject, versions.set(schema.version, schema));
    }
  }
  return new Map([...subjects].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** As the documented API has them: the status, its own code, and what it says. */
const REFUSALS = {
  subjectUnknown: [404, 40401, 'There is no such subject.'],
  versionUnknown: [404, 40402, 'The subject has no such version.'],
  schemaUnknown: [404, 40403, 'There is no schema of this id.'],
  versionInvalid: [422, 42202, 'A version is a number from 1, or latest.'],
  readOnly: [405, 405, 'This registry is read-only: its schemas come with each release of Passerby.'],
} as const;

function refuse(reply: FastifyReply, [status, error_code, message]: (typeof REFUSALS)[keyof typeof REFUSALS]) {
  if (status === 405) reply.header('allow', 'GET, HEAD');
  return send(reply, status, { error_code, message });
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

/** As bytes: to text Fastify would add a charset, and the media type is to be exactly the API's. */
function send(reply: FastifyReply, status: number, body: unknown) {
  return reply
    .code(status)
    .type(MEDIA_TYPE)
    .send(Buffer.from(JSON.stringify(body)));
}

function textOf({ schema }: CodecSchema): string {
  return JSON.stringify(schema);
}

function numberIn(text: string): number {
  return /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
}
