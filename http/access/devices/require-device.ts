import type { FastifyRequest } from 'fastify';
import { Problem } from '../../problem.ts';
import { networkOf } from '../failed-tries.ts';
import { refuseOtherSites } from '../other-sites.ts';
import type { RateLimit } from '../rate-limit.ts';
import type { DeviceTokens, KnownDevice } from './device-tokens.ts';
import type { Signatures } from './signatures.ts';

type DeviceRequest = Pick<
  FastifyRequest,
  'method' | 'headers' | 'ip' | 'url' | 'raw' | 'device' | 'deviceId' | 'signedBody'
>;

/** An `onRequest` hook: past it, the request has a `device`. Nothing of a body has been read by then. */
export type RequireDevice = (request: DeviceRequest) => Promise<void>;

export interface DeviceLimits {
  readonly device: RateLimit;
  readonly owner: RateLimit;
  readonly address: RateLimit;
}

export function createRequireDevice({
  tokens,
  signatures,
  limits,
}: {
  readonly tokens: Pick<DeviceTokens, 'find'>;
  readonly signatures: Pick<Signatures, 'check'>;
  readonly limits: DeviceLimits;
}): RequireDevice {
  return async (request) => {
    refuseOtherSites(request);
    refuseFor(limits.address.take(networkOf(request.ip)));
    const token = request.headers['x-device-token'];
    if (typeof token !== 'string' || token === '') throw unknown('no-device-token', 'Send X-Device-Token.');
    const device = await tokens.find(token);
    if (!device) throw unknown('unknown-device-token', 'No device has this token. Pair the device anew.');
    request.deviceId = device.id;
    if (device.revoked) {
      const detail = 'This device has been revoked. Pair it anew if it is to send again.';
      throw new Problem({ status: 403, code: 'device-revoked', title: 'Device revoked', detail });
    }
    refuseFor(limits.device.take(device.id));
    refuseFor(limits.owner.take(device.ownerId ?? ''));
    // Also of a device that need not: whoever writes firmware wants to be told that it is wrong.
    if (device.requiresSignature || request.headers['x-signature'] !== undefined) {
      request.signedBody = await signatures.check(request, device.id, device.tokenDigests);
    }
    request.device = device;
  };
}

/** The device that `requireDevice` has found; `stated` is who the request itself says it is. */
export function deviceOf(request: Pick<FastifyRequest, 'device'>, stated?: string): KnownDevice {
  const { device } = request;
  if (!device) throw new Error('a route for devices without requireDevice');
  if (stated !== undefined && stated !== device.id) {
    const detail = `The token is of another device than the one named here, ${stated}.`;
    throw new Problem({ status: 403, code: 'wrong-device', title: 'Not this device', detail });
  }
  return device;
}

function unknown(code: string, detail: string): Problem {
  const headers = { 'www-authenticate': 'DeviceToken realm="Passerby"' };
  return new Problem({ status: 401, code, title: 'Not a known device', detail, headers });
}

function refuseFor({ waitMs }: { readonly waitMs: number }): void {
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1_000);
  const detail = `Too many requests. Go on in ${seconds} s.`;
  const headers = { 'retry-after': String(seconds) };
  throw new Problem({ status: 429, code: 'too-many-requests', detail, headers });
}
