/** Whether an `If-None-Match` names it. Compared weakly, as the RFC wants it here: a proxy that compresses makes a weak one of ours. */
export function namesTag(ifNoneMatch: string | undefined, etag: string): boolean {
  const named = (ifNoneMatch ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  return named.includes(etag) || named.includes('*');
}
