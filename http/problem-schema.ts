import { Type } from 'typebox';
import { oneOf } from './answer-types.ts';

const fault = Type.Object(
  {
    in: oneOf(['path', 'body', 'query', 'headers']),
    pointer: Type.String({ description: 'A JSON pointer as a URI fragment: #/zones/0/name' }),
    detail: Type.String(),
  },
  { description: 'One thing that is wrong with the input, and where.' },
);

/** What `problemBody` puts out, for those who read about it, and for what checks it. */
export const problemSchema = Type.Object(
  {
    type: Type.String({ description: 'about:blank, or /problems/ and the code' }),
    title: Type.String({ description: 'The same words for every problem of this code.' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.Optional(Type.String({ description: 'About this one occurrence, for a person.' })),
    code: Type.String({ description: 'Stable: what a program branches on.' }),
    errors: Type.Optional(Type.Array(fault, { description: 'Every fault of the input at once.' })),
    trace_id: Type.String({ description: 'By which the request is found in the logs.' }),
  },
  { title: 'Problem', description: 'Why a request was not answered as asked (RFC 9457).' },
);
