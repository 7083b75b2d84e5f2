import { Type } from 'typebox';

/** As ADMIN_PASSWORD must be: it fits into a header, and has no NUL, which is nobody's password there. */
export const NEW_PASSWORD = Type.String({ minLength: 10, maxLength: 200, pattern: '^[^\\u0000]*$' });
