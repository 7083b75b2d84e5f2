import { type Static, type TProperties, Type } from 'typebox';
import { oneOf } from '../http/answer-types.ts';
import { problemSchema } from '../http/problem-schema.ts';

/** What devices are told of a frame, as the API describes it. */
const frameIdSchema = Type.String({ format: 'uuid', description: 'The frame.' });

const queued = { status: Type.Literal('queued'), item_id: frameIdSchema, task_id: frameIdSchema };
const known = { status: oneOf(['duplicate', 'erased']), item_id: frameIdSchema };
const refused = { status: Type.Literal('refused'), problem: problemSchema };

export const frameAnswers = {
  200: Type.Object(known, {
    title: 'KnownFrame',
    description: 'It was sent before, and is durable; or it is of a time that was erased, and is not stored.',
  }),
  202: Type.Object(queued, { title: 'QueuedFrame', description: 'It is durable, and will be analysed.' }),
};

export type FrameAnswer = Static<(typeof frameAnswers)[keyof typeof frameAnswers]>;

/** Of one frame among many. Its seq is missing where it could not be read. */
const numbered = <Answer extends TProperties>(answer: Answer) =>
  Type.Object({ seq: Type.Optional(Type.Integer()), ...answer });
const result = Type.Union([numbered(queued), numbered(known), numbered(refused)]);
const results = Type.Array(result);

export type FrameResult = Static<typeof result>;

export const manyAnswers = {
  200: Type.Object({ results }, { title: 'FrameResults', description: 'Of each frame, in the order sent.' }),
  207: Type.Object(
    { results, problem: problemSchema },
    { title: 'SomeFrameResults', description: 'Of those before the rest could not be read, and why.' },
  ),
};

export const JPEG = Type.String({ format: 'binary', description: 'A JPEG.' });
