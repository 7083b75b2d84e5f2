import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { domainToASCII } from 'node:url';
import { Unusable } from '../../ports/errors.ts';

/** What a certificate is for: a name, or an address. */
export interface ServerName {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

const LABEL = /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/;

/** A name or an address as somebody wrote it. */
export function readServerName(text: string): ServerName {
  const name = asServerName(text.trim());
  if (name) return name;
  throw new Unusable(`--name takes a host name or an address, such as passerby.local or 192.168.1.10, not '${text}'.`);
}

/** By what this machine is reached: by itself, and in its network. */
export function ownNames(): ServerName[] {
  const host = hostname();
  const addresses = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  const reached = addresses.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address));
  const texts = ['localhost', '127.0.0.1', '::1', host, ...(host.includes('.') ? [] : [`${host}.local`])];
  // A machine may have a name that no certificate takes, with an underscore in it.
  return [...texts, ...reached.map(({ address }) => address)].flatMap((text) => asServerName(text) ?? []);
}

/** Each once, in their order. */
export function uniqueNames(names: readonly ServerName[]): ServerName[] {
  return [...new Map(names.map((name) => [`${name.type}:${name.value}`, name])).values()];
}

/** As in a URL. */
export function inUrl({ value }: ServerName): string {
  return isIP(value) === 6 ? `[${value}]` : value;
}

function asServerName(text: string): ServerName | null {
  const family = isIP(text);
  // Written in the one way in which certificates are read back, so that a name is known again.
  if (family === 6 && !text.includes('%'))
    return { type: 'ip', value: new URL(`http://[${text}]`).hostname.slice(1, -1) };
  if (family === 4) return { type: 'ip', value: text };
  const name = domainToASCII(text).toLowerCase().replace(/\.$/, '');
  const [first, ...rest] = name.split('.');
  const labels = first === '*' && rest.length > 1 ? rest : [first ?? '', ...rest];
  // The last label of all digits is a mistyped address.
  const fits = name.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
  return fits ? { type: 'dns', value: name } : null;
}
