import { Type } from 'typebox';
import { DEVICE_ID } from '../../schemas/identity.ts';

/** What people and things are called in requests, and how they are named in paths. */

/** For people to read: on one line, and not blank. */
export const NAME = Type.String({
  maxLength: 100,
  pattern: '^\\P{Cc}*[^\\s\\p{Cc}]\\P{Cc}*$',
  description: 'up to 100 characters on one line',
});

export const UUID = Type.String({ format: 'uuid' });

/** Those of the paths that devices talk to would be taken for these. */
export const NEW_DEVICE_ID = Type.String({
  pattern: DEVICE_ID.replace('^', '^(?!(?:pair|activate|upload-url|objects|ingest)$)'),
  description: 'up to 64 letters, digits, . _ -, the first a letter or a digit; none of the paths below /devices',
});

export const deviceParams = Type.Object({
  device_id: Type.String({
    pattern: DEVICE_ID,
    description: 'up to 64 letters, digits, . _ -, the first a letter or a digit',
  }),
});
