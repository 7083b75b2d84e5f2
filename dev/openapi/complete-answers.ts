import { problemSchema } from '../../http/problem-schema.ts';
import type { OpenapiDocument } from './create-document.ts';

const answer = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
});

/** The answers that every route has, since what is thrown below it is made into a problem in one place. */
export const problemComponents = {
  responses: {
    Problem: answer(
      'Any other problem. Programs branch on `code`; with 429 and 503, Retry-After says when to come back.',
    ),
    NotSignedIn: answer('The credentials are missing, or are not good.'),
    InvalidRequest: answer('The input is not as described; `errors` says where, if it is known.'),
  },
};

/** Adds to each operation the problems that can come of it; what a route says of a status itself stays. */
export function completeAnswers({ paths }: OpenapiDocument): void {
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path))) {
    const { security = [], parameters = [], requestBody, responses } = operation;
    const takesInput = requestBody !== undefined || parameters.some((parameter) => parameter.in !== 'path');
    for (const response of Object.values(responses)) {
      // What `@fastify/swagger` calls an answer that is not described.
      if (response.description === 'Default Response') response.description = 'As asked.';
    }
    operation.responses = {
      ...(security.length > 0 && { 401: refer('NotSignedIn') }),
      ...(takesInput && { 422: refer('InvalidRequest') }),
      ...responses,
      default: refer('Problem'),
    };
  }
}

function refer(name: keyof typeof problemComponents.responses) {
  return { $ref: `#/components/responses/${name}` };
}
