const LOOPBACK = /^((::ffff:)?127(\.\d{1,3}){3}|::1)$/i;

/** Whether an address, as a socket says it, is one by which a machine reaches only itself. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.test(address);
}
