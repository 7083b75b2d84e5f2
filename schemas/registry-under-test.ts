import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import avro from 'avsc';

/**
 * A schema registry for tests, written after the API that Confluent documents, since none can be had everywhere: ids
 * over all subjects, versions within one, and a new version must be able to read what the one before has written.
 */
export interface RegistryUnderTest {
  readonly url: string;
  /** Each request that came, as `POST /subjects/passerby.Frame`. */
  readonly requests: readonly string[];
  /** Answers of itself before it does anything, where it wants to: a fault of the test's choice. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | null;
  add(subject: string, schema: string): number;
  stop(): Promise<void>;
}

interface Version {
  readonly id: number;
  readonly schema: string;
}

export async function startRegistry({
  firstId = 1,
  user,
  readOnly = false,
  port = 0,
}: {
  readonly firstId?: number;
  /** As `name:password`; without it nobody is asked. */
  readonly user?: string;
  readonly readOnly?: boolean;
  readonly port?: number;
} = {}): Promise<RegistryUnderTest> {
  const subjects = new Map<string, Version[]>();
  const ids = new Map<string, number>();
  const requests: string[] = [];

  function add(subject: string, schema: string): number {
    const versions = subjects.get(subject) ?? [];
    const known = versions.find((version) => version.schema === schema);
    if (known) return known.id;
    const last = versions.at(-1);
    if (last) typeOf(schema).createResolver(typeOf(last.schema));
    const id = ids.get(schema) ?? firstId + ids.size;
    ids.set(schema, id);
    subjects.set(subject, [...versions, { id, schema }]);
    return id;
  }

  function answer(method: string, [first, subject = '', ...rest]: readonly string[], schema: string): Reply {
    if (first !== 'subjects') return refusal(404, 404, 'HTTP 404 Not Found');
    const versions = subjects.get(subject);
    const unknown = refusal(404, 40401, `Subject '${subject}' not found.`);
    if (method === 'POST' && rest[0] === 'versions') {
      if (readOnly) return refusal(403, 40301, 'User is denied operation Write on Subject');
      try {
        typeOf(schema);
      } catch {
        return refusal(422, 42201, 'Invalid schema');
      }
      try {
        return [200, { id: add(subject, schema) }];
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return refusal(409, 409, `Schema being registered is incompatible with an earlier schema: ${reason}`);
      }
    }
    if (!versions) return unknown;
    if (method === 'POST') {
      const at = versions.findIndex((version) => version.schema === schema);
      const found = versions[at];
      return found ? [200, { subject, version: at + 1, ...found }] : refusal(404, 40403, 'Schema not found');
    }
    if (rest.length === 1) return [200, versions.map((_, at) => at + 1)];
    const found = versions[Number(rest[1]) - 1];
    return found ? [200, { subject, version: Number(rest[1]), ...found }] : refusal(404, 40402, 'Version not found.');
  }

  const server = createServer(async (request, response) => {
    const { method = 'GET', headers } = request;
    requests.push(`${method} ${request.url}`);
    if (registry.intercept?.(request, response)) return;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const { schema = '' } = body === '' ? {} : JSON.parse(body);
    const path = (request.url ?? '/').split('/').slice(1).map(decodeURIComponent);
    const expected = user && `Basic ${Buffer.from(user).toString('base64')}`;
    const [status, json] =
      expected && headers.authorization !== expected
        ? refusal(401, 401, 'HTTP 401 Unauthorized')
        : answer(method, path, schema);
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' }).end(JSON.stringify(json));
  });
  await new Promise<void>((settle) => server.listen(port, '127.0.0.1', settle));

  const registry: RegistryUnderTest = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    intercept: null,
    add,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((settle) => server.close(settle));
    },
  };
  return registry;
}

type Reply = readonly [status: number, body: unknown];

function refusal(status: number, error_code: number, message: string): Reply {
  return [status, { error_code, message }];
}

function typeOf(schema: string) {
  return avro.Type.forSchema(JSON.parse(schema));
}
