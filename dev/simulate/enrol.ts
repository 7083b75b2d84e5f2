/** Gives simulated cameras their tokens, the way the devices in the field come by theirs. */

import pLimit from 'p-limit';
import { basicAuthorization } from './basic-authorization.ts';
import { below } from './below.ts';
import { Refused } from './count.ts';

export interface EnrolOptions {
  /** Where devices talk to, and where people do. */
  readonly url: string;
  readonly consoleUrl: string;
  /** Who may pair devices: admin, unless this says another. */
  readonly user?: string;
  readonly password: string | undefined;
  readonly deviceIds: readonly string[];
}

const TIMEOUT_MS = 10_000;
const AT_ONCE = 4;

/** Pairs and activates each device; one that was there before begins a new epoch. Rejects with `Refused`. */
export async function enrol(options: EnrolOptions): Promise<Map<string, string>> {
  const { url, consoleUrl, user, password, deviceIds } = options;
  const authorization = basicAuthorization({ user, password: password ?? '' });
  const limit = pLimit(AT_ONCE);
  const enrolOne = async (deviceId: string) => {
    const paired = await post(below(consoleUrl, 'devices/pair'), { device_id: deviceId }, { authorization });
    const activated = await post(below(url, 'devices/activate'), { pairing_code: paired.pairing_code });
    return [deviceId, String(activated.device_token)] as const;
  };
  return new Map(await Promise.all(deviceIds.map((deviceId) => limit(enrolOne, deviceId))));
}

async function post(target: URL, body: object, headers: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const answer = await fetch(target, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Refused(answer.status, `POST ${target.pathname}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
