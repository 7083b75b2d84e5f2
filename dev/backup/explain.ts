import { Unusable } from '../../ports/errors.ts';

/** What its reader can mend is told in words; anything else comes with a stack. */
export function explain(error: unknown, usage: string): string {
  const { code = '', message, stack } = error as NodeJS.ErrnoException;
  if (error instanceof Unusable) return message;
  if (code.startsWith('ERR_PARSE_ARGS')) return `${message}\n${usage}`;
  if (code === 'ENOSPC' || code === 'EDQUOT') return `There is no room left: ${message}`;
  if (['EACCES', 'EPERM', 'EROFS'].includes(code)) return `It is not allowed: ${message}`;
  return stack ?? String(error);
}
