import type { FastifyRequest, FastifySchemaValidationError } from 'fastify';
import { Outage } from '../ports/errors.ts';
import { Problem } from './problem.ts';
import { type Fault, placeFaults, pointerTo } from './validation.ts';

/** Faults of the caller that Fastify and its multipart parser throw, by their codes. */
const KNOWN: Readonly<Record<string, readonly [status: number, code: string, detail?: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'too-large'],
  FST_REQ_FILE_TOO_LARGE: [413, 'too-large', 'The file is larger than is accepted here.'],
  FST_FILES_LIMIT: [413, 'too-large', 'There are more files than are accepted in one request.'],
  FST_FIELDS_LIMIT: [413, 'too-large', 'There are more form fields than are accepted in one request.'],
  FST_PARTS_LIMIT: [413, 'too-large', 'There are more form parts than are accepted in one request.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'unsupported-media-type'],
  FST_INVALID_MULTIPART_CONTENT_TYPE: [415, 'unsupported-media-type', 'This needs a multipart/form-data body.'],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'malformed-json', 'The body is not JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'malformed-json', 'The body is empty.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'incomplete-body', 'The body is not as long as its Content-Length says.'],
  FST_MP_PREMATURE_CLOSE: [400, 'incomplete-body', 'The body ended too early.'],
  FST_PROTO_VIOLATION: [400, 'malformed-multipart', 'A form field has a name that is not allowed.'],
  FST_INVALID_JSON_FIELD_ERROR: [400, 'malformed-multipart', 'A form field is not the JSON that it says it is.'],
  FST_ERR_BAD_URL: [400, 'malformed-url'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'url-too-long'],
};

/** The multipart parser's own errors have no codes. */
const BROKEN_MULTIPART = /^Multipart: Boundary not found|unexpected end of multipart data|^The needle cannot/i;

const PARTS = ['params', 'body', 'querystring', 'headers'] as const;
type Part = (typeof PARTS)[number];

/** What the caller is told about an error: everything about their own faults, nothing about ours. */
export function problemOf(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Outage) {
    const detail = 'Something that this service needs does not answer. Try again in a moment.';
    return new Problem({ status: 503, code: 'unavailable', detail, headers: { 'retry-after': '2' } });
  }
  if (!(error instanceof Error)) return internal();
  if ('validation' in error && Array.isArray(error.validation)) return invalid(error.validation, error, request);
  const code = 'code' in error ? String(error.code) : '';
  const known = KNOWN[code];
  if (known) {
    const [status, ours, detail] = known;
    return new Problem({ status, code: ours, ...(detail === undefined ? {} : { detail }) });
  }
  if (BROKEN_MULTIPART.test(error.message)) {
    return new Problem({ status: 400, code: 'malformed-multipart', detail: 'The multipart body is broken.' });
  }
  // A device that lost its network half-way; nobody reads this answer, but it must not count as our failure.
  if (code === 'ECONNRESET' && request.raw.destroyed && !request.raw.complete) {
    return new Problem({ status: 400, code: 'incomplete-body', detail: 'The connection ended before the body did.' });
  }
  // Whatever else Fastify refuses (`"__proto__"` in JSON, say) it marks with a status of its own.
  if ('statusCode' in error && error.statusCode === 400 && (code.startsWith('FST_') || error instanceof SyntaxError)) {
    return new Problem({ status: 400, code: 'malformed-request' });
  }
  return internal();
}

function internal(): Problem {
  return new Problem({ status: 500, code: 'internal' });
}

/** Fastify stops at the first part that does not fit; the parts after it are asked here, so that all is told at once. */
function invalid(first: readonly FastifySchemaValidationError[], error: Error, request: FastifyRequest): Problem {
  const context = 'validationContext' in error ? error.validationContext : undefined;
  const at = PARTS.indexOf(PARTS.find((part) => part === context) ?? 'body');
  const faults = PARTS.flatMap((part, index): Fault[] => {
    if (index < at) return [];
    const errors = index === at ? first : furtherErrors(part, request);
    const where = part === 'params' ? 'path' : part === 'querystring' ? 'query' : part;
    return placeFaults(errors).map(({ path, detail }) => ({ in: where, pointer: pointerTo(path), detail }));
  });
  const detail = faults.map((fault) => `${fault.in} ${fault.pointer}: ${fault.detail}`).slice(0, 3);
  if (faults.length > detail.length) detail.push(`and ${faults.length - detail.length} more`);
  const title = 'Invalid request';
  return new Problem({ status: 422, code: 'invalid-request', title, detail: detail.join('; '), errors: faults });
}

function furtherErrors(part: Part, request: FastifyRequest): readonly FastifySchemaValidationError[] {
  const validate = request.getValidationFunction(part);
  // A body with a schema for each content type is a table of functions; it fails on its own when its turn comes.
  if (typeof validate !== 'function') return [];
  const value = { params: request.params, body: request.body, querystring: request.query, headers: request.headers };
  return validate(value[part] ?? null) ? [] : (validate.errors ?? []);
}
