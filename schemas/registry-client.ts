/**
 * What we ask of a schema registry, in the API that Confluent's has and others have after it: to know a schema, or to
 * take it.
 */
export interface RegistryClient {
  /** The address as it may be shown: credentials stay out of messages and logs. */
  readonly address: string;
  /** The id of a schema under its subject, or null where it is not registered. */
  lookUp(subject: string, schema: string): Promise<number | null>;
  /** All versions of a subject. */
  list(subject: string): Promise<readonly RegisteredSchema[]>;
  register(subject: string, schema: string): Promise<number>;
}

export interface RegisteredSchema {
  readonly id: number;
  readonly schema: string;
}

/** Something that an operator must mend, in words that say what. */
export class RegistryUnusable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RegistryUnusable';
  }
}

/** The registry cannot be had for now, which says nothing about what it was asked. */
export class RegistryUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RegistryUnavailable';
  }
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
const ANSWER_WITHIN_MS = 5_000;
/** What a registry answers is a schema or a list of numbers; what is longer is neither, and not read to its end. */
const ANSWER_BYTES_MAX = 4 * 2 ** 20;
const TOLD_CHARS_MAX = 2_000;
const VERSIONS_MAX = 100;
const SUBJECT_UNKNOWN = 40401;
const SCHEMA_UNKNOWN = 40403;
/** An id has four bytes, with a sign in most readers. */
const ID_MAX = 2 ** 31 - 1;

interface Answer {
  readonly status: number;
  readonly errorCode: number | null;
  /** What the registry says of it, never empty. */
  readonly told: string;
  /** What it answered, if that is JSON. */
  readonly body: unknown;
}

export function createRegistryClient(options: {
  readonly url: string;
  readonly answerWithinMs?: number;
  /** Ends what is being asked. */
  readonly signal?: AbortSignal;
}): RegistryClient {
  const { address, authorization } = splitCredentials(options.url);
  const answerWithinMs = options.answerWithinMs ?? ANSWER_WITHIN_MS;

  async function ask(path: string, schema?: string): Promise<Answer> {
    let status: number;
    let text: string;
    try {
      const response = await fetch(`${address}${path}`, {
        ...(schema !== undefined && { method: 'POST', body: JSON.stringify({ schema }) }),
        headers: { accept: `${MEDIA_TYPE}, application/json`, 'content-type': MEDIA_TYPE, ...authorization },
        signal: AbortSignal.any([AbortSignal.timeout(answerWithinMs), ...(options.signal ? [options.signal] : [])]),
      });
      status = response.status;
      text = await readStart(response);
    } catch (error) {
      throw new RegistryUnavailable(`${address} does not answer: ${reasonOf(error)}`, { cause: error });
    }
    const answer = readAnswer(status, text);
    if (status >= 500 || status === 429 || status === 408) {
      throw new RegistryUnavailable(`${address} answers ${status}: ${answer.told}`);
    }
    if (status === 401) {
      throw new RegistryUnusable(
        `The schema registry at ${address} does not let us in (401: ${answer.told}). Set SCHEMA_REGISTRY_URL with a ` +
          'name and a password that it knows, as in https://name:password@host; in them, write @ as %40, : as %3A ' +
          'and / as %2F.',
      );
    }
    return answer;
  }

  /** Turns away what is no answer of a registry: another program, or a proxy's page. */
  function expectAnswer(fits: boolean, { status, told }: Answer, path: string): void {
    if (fits && status === 200) return;
    throw new RegistryUnusable(
      `What is at ${address} does not answer as a schema registry does (to ${path}: ${status}, ${told}). ` +
        "SCHEMA_REGISTRY_URL must name a registry with Confluent's API, with the path it has there, such as " +
        '/apis/ccompat/v7.',
    );
  }

  function refuseUnread(subject: string, { status, told }: Answer): void {
    if (status !== 403) return;
    throw new RegistryUnusable(
      `The schema registry at ${address} does not let this user read the subject ${subject} (403: ${told}). ` +
        'Give it the right to.',
    );
  }

  function idOf(answer: Answer, path: string): number {
    const id = memberOf(answer.body, 'id');
    expectAnswer(isId(id), answer, path);
    return id as number;
  }

  return {
    address,

    async lookUp(subject, schema) {
      const path = `/subjects/${encodeURIComponent(subject)}`;
      const answer = await ask(path, schema);
      if (answer.errorCode === SUBJECT_UNKNOWN || answer.errorCode === SCHEMA_UNKNOWN) return null;
      refuseUnread(subject, answer);
      return idOf(answer, path);
    },

    async list(subject) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions`;
      const answer = await ask(path);
      if (answer.errorCode === SUBJECT_UNKNOWN) return [];
      refuseUnread(subject, answer);
      expectAnswer(Array.isArray(answer.body) && answer.body.every(isId), answer, path);
      const versions = answer.body as number[];
      if (versions.length > VERSIONS_MAX) {
        throw new RegistryUnusable(
          `The schema registry at ${address} has ${versions.length} versions of ${subject}: more than the releases of ` +
            'Passerby have brought, so somebody else registers there. Use a registry of its own for Passerby.',
        );
      }
      const listed: RegisteredSchema[] = [];
      for (const version of versions) {
        const one = await ask(`${path}/${version}`);
        const schema = memberOf(one.body, 'schema');
        expectAnswer(typeof schema === 'string', one, `${path}/${version}`);
        listed.push({ id: idOf(one, `${path}/${version}`), schema: schema as string });
      }
      return listed;
    },

    async register(subject, schema) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions`;
      const answer = await ask(path, schema);
      if (answer.status === 409) {
        throw new RegistryUnusable(
          `The schema registry at ${address} says that our schema of ${subject} is not compatible with what is ` +
            `registered there: ${answer.told}\nAll releases of Passerby are compatible with each other both ways, so ` +
            'somebody else has registered another schema under this name. Use a registry of its own for Passerby, or ' +
            'have that schema removed.',
        );
      }
      if (answer.status === 403 || answer.status === 405) {
        throw new RegistryUnusable(
          `The schema registry at ${address} does not let us register ${subject} (${answer.status}: ${answer.told}). ` +
            'Give this user the right to; or register the schemas yourself and set SCHEMA_REGISTRY_REGISTER=off.',
        );
      }
      return idOf(answer, path);
    },
  };
}

function isId(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= ID_MAX;
}

function memberOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}

function splitCredentials(url: string): { address: string; authorization: Readonly<Record<string, string>> } {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // The value is not shown: what cannot be taken apart may hold a password anywhere.
    throw new RegistryUnusable('SCHEMA_REGISTRY_URL is no URL; it looks like https://name:password@host:8081.');
  }
  const address = `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
  if (parsed.username === '' && parsed.password === '') return { address, authorization: {} };
  const credentials = `${decoded(parsed.username)}:${decoded(parsed.password)}`;
  return { address, authorization: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } };
}

/** A lone % stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function readStart(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readAnswer(status: number, text: string): Answer {
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy's page, say; what it says is told below.
  }
  const code = memberOf(body, 'error_code');
  const message = memberOf(body, 'message');
  const told = (typeof message === 'string' ? message : text.trim()).slice(0, TOLD_CHARS_MAX) || 'nothing';
  return { status, errorCode: typeof code === 'number' ? code : null, told, body };
}

/** `fetch` says no more than that it failed; why is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
}
