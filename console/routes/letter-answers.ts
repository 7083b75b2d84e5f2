import { Type } from 'typebox';
import { nullable, oneOf, time } from '../../http/answer-types.ts';
import { DEVICE_ID } from '../../schemas/identity.ts';
import { topics } from '../../schemas/topics.ts';
import { LETTER_STATES, type LettersWanted } from '../dead-letters.ts';
import { capture, pageAnswer } from './answers.ts';
import { asUtc, isoTime, TEXT } from './filters.ts';

/** Dead letters as they are asked for and told. */

export const letterFilters = {
  device_id: Type.Optional(Type.String({ pattern: DEVICE_ID, description: 'Only of this device' })),
  code: Type.Optional(Type.String({ maxLength: 100, pattern: TEXT, description: 'Only those that failed for this' })),
  topic: Type.Optional(oneOf(Object.keys(topics), 'Only from this topic')),
  from: Type.Optional(
    Type.String({ pattern: isoTime(), description: 'Whose record came at this time or later, ISO 8601' }),
  ),
  to: Type.Optional(Type.String({ pattern: isoTime(), description: 'Up to and with this time' })),
};

interface LetterFilters {
  readonly device_id?: string;
  readonly code?: string;
  readonly topic?: string;
  readonly from?: string;
  readonly to?: string;
}

export function wantedOf(query: LetterFilters): LettersWanted {
  const { device_id = null, code = null, topic = null } = query;
  return { deviceId: device_id, code, topic, from: asUtc(query, 'from'), to: asUtc(query, 'to') };
}

const listed = {
  id: Type.String({ format: 'uuid' }),
  device_id: nullable(Type.String({ description: 'Null where the record does not say.' })),
  topic: Type.String({ description: 'Where the record lay.' }),
  partition: Type.Integer(),
  offset: Type.Integer(),
  key: Type.String({ description: 'Its key.' }),
  code: Type.String({ description: 'Why it failed last; docs/dead-letters.md says what to do about each.' }),
  message: Type.String({ description: 'The same in words.' }),
  attempts: Type.Integer({ description: 'How often it has failed.' }),
  state: oneOf(LETTER_STATES, 'What has become of it.'),
  frame_id: nullable(Type.String({ format: 'uuid', description: 'The frame, if the record could be read so far.' })),
  captured_at: nullable(time('When that frame was taken.')),
  recorded_at: time('When the record was appended.'),
  created_at: time('When the letter was written.'),
  succeeded_at: nullable(time('When what was redriven was looked at, if it is a frame and has been.')),
};

export const letter = Type.Object(listed, { title: 'DeadLetter' });

export const letterPage = Type.Object(
  {
    letters: Type.Array(letter),
    codes: Type.Array(Type.Object({ code: Type.String(), letters: Type.Integer() }), {
      description: 'How many there are of each code, whichever code was asked for.',
    }),
    ...pageAnswer,
  },
  { title: 'DeadLetterPage' },
);

export const wholeLetter = Type.Object(
  {
    ...listed,
    record: nullable(
      Type.Object(
        {
          schema: Type.String({ description: 'The name of its schema.' }),
          value: Type.Unknown({ description: 'What it says; bytes in it as base64.' }),
        },
        { title: 'DeadRecord', description: 'The record, where it can be read.' },
      ),
    ),
    bytes: nullable(Type.String({ description: 'The record in base64, where it cannot be read.' })),
    capture: nullable(capture),
  },
  { title: 'WholeDeadLetter' },
);

const count = (description: string) => Type.Integer({ description });

export const letterAction = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    kind: oneOf(['redrive', 'discard']),
    state: oneOf(['running', 'done']),
    created_at: time('When it was asked for.'),
    by: Type.String({ description: 'By whom.' }),
    total: count('How many letters there were.'),
    done: count('How many it was done with.'),
    passed_over: count('How many were no longer open when it was their turn.'),
    failed: count('With how many it could not be done.'),
    error: nullable(Type.String({ description: 'Why not, of the last one.' })),
    finished_at: nullable(time('When the last one was dealt with.')),
  },
  { title: 'DeadLetterAction' },
);

export const startedAction = Type.Object(
  { id: Type.String({ format: 'uuid' }), total: count('How many letters there are.') },
  { title: 'StartedDeadLetterAction' },
);
