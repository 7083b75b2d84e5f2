import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { problemSchema } from './problem-schema.ts';
import type { Fault } from './validation.ts';

interface ProblemOptions {
  readonly status: number;
  /** Stable, kebab-case: what a program branches on. */
  readonly code: string;
  /** The same words for every problem with this code; without it, the status's own phrase. */
  readonly title?: string;
  /** About this one occurrence, for a person. Never anything from inside: no SQL, no paths, no stack. */
  readonly detail?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Every fault of the input at once, so that a form can be corrected in one go. */
  readonly errors?: readonly Fault[];
  /** Members of its own, by which a program goes on; the RFC lets a problem have them. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** An answer other than success, thrown from anywhere below a route and sent as RFC 9457 says. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly errors: readonly Fault[] | undefined;
  readonly members: Readonly<Record<string, unknown>>;

  constructor({ status, code, title, detail, headers = {}, errors, members = {} }: ProblemOptions) {
    const heading = title ?? STATUS_CODES[status] ?? 'Error';
    super(detail ?? heading);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.title = heading;
    this.detail = detail;
    this.headers = headers;
    this.errors = errors;
    this.members = members;
  }
}

/**
 * The body. A problem that says no more than its status is `about:blank`, as the RFC wants it; one with a title of
 * its own has a type of its own, and in either case `code` is what to branch on.
 */
export function problemBody(problem: Problem, traceId: string): Static<typeof problemSchema> {
  return {
    ...problem.members,
    type: problem.title === STATUS_CODES[problem.status] ? 'about:blank' : `/problems/${problem.code}`,
    title: problem.title,
    status: problem.status,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    code: problem.code,
    ...(problem.errors === undefined ? {} : { errors: [...problem.errors] }),
    trace_id: traceId,
  };
}

/** Sent as text, so that no response schema of the route strips members from it. */
export function sendProblem(
  request: Pick<FastifyRequest, 'trace'>,
  reply: Pick<FastifyReply, 'code' | 'headers' | 'send'>,
  problem: Problem,
): void {
  reply
    .code(problem.status)
    .headers({ ...problem.headers, 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
    .send(JSON.stringify(problemBody(problem, request.trace.traceId)));
}
