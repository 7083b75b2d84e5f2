import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { Unusable } from '../ports/errors.ts';
import { createServer } from './server.ts';
import { readTrustedProxies } from './trusted-proxies.ts';

/** Who a server takes a caller for, who comes by way of others. */
async function seen(trustProxy: readonly string[], remoteAddress: string, headers: Record<string, string>) {
  const app = createServer({ logger: pino({ level: 'silent' }), metrics: new Registry(), trustProxy });
  app.get('/', ({ ip, protocol }) => ({ ip, protocol }));
  return (await app.inject({ url: '/', remoteAddress, headers })).json();
}

describe('TRUST_PROXY', () => {
  test('is addresses and networks, and by default nobody', () => {
    expect(readTrustedProxies(undefined)).toEqual([]);
    const given = ['10.0.0.2', '172.30.251.0/24', 'fd00::/8', '::1'];
    expect(readTrustedProxies(` ${given.join(' , ')},`)).toEqual(given);
  });

  test.each(['front', '10.0.0.0/33', '10.0.0.0/0', 'fd00::/129', '10.0.0.0/8/8', '10.0.0.0/', 'true', '10.0.0', '1'])(
    'refuses %s',
    (text) => {
      expect(() => readTrustedProxies(`10.0.0.1, ${text}`)).toThrow(Unusable);
      expect(() => readTrustedProxies(`10.0.0.1, ${text}`)).toThrow(`these are none: ${text}`);
    },
  );

  test('a proxy that is trusted says who asks, and how; anybody else does not', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' };
    const trusted = readTrustedProxies('172.30.251.0/24, fd00::/8');
    for (const front of ['172.30.251.3', '::ffff:172.30.251.3', 'fd00::3']) {
      expect(await seen(trusted, front, headers), front).toEqual({ ip: '203.0.113.7', protocol: 'https' });
    }
    expect(await seen(trusted, '172.30.252.3', headers)).toEqual({ ip: '172.30.252.3', protocol: 'http' });
    expect(await seen([], '172.30.251.3', headers)).toEqual({ ip: '172.30.251.3', protocol: 'http' });
  });

  test('what a client says of itself before the proxy is not believed', async () => {
    const headers = { 'x-forwarded-for': '127.0.0.1, 203.0.113.7', 'x-forwarded-proto': 'https, http' };
    expect(await seen(['172.30.251.3'], '172.30.251.3', headers)).toEqual({ ip: '203.0.113.7', protocol: 'http' });
  });
});
