import { isIP } from 'node:net';
import { Unusable } from '../ports/errors.ts';

/**
 * TRUST_PROXY as Fastify takes it: addresses, or networks as address/bits. A network of everybody is none: then
 * anybody could say to come from anywhere, and over HTTPS.
 */
export function readTrustedProxies(text: string | undefined): readonly string[] {
  const proxies = (text ?? '').split(',').map((part) => part.trim());
  const given = proxies.filter((part) => part !== '');
  const wrong = given.filter((part) => !isNetwork(part));
  if (wrong.length === 0) return given;
  throw new Unusable(
    `TRUST_PROXY takes addresses and networks, such as 10.0.0.2 or 172.30.251.0/24, separated by commas; these are none: ` +
      `${wrong.join(', ').slice(0, 200)}`,
  );
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (family === 4 ? 32 : 128);
}
