import { type Static, Type } from 'typebox';
import type { Store } from '../../../ports/store/store.ts';
import { createRateLimit } from '../rate-limit.ts';
import { formerSecretConfig, type Secrets } from '../server-secret.ts';
import { createDeviceTokens, type DeviceTokens } from './device-tokens.ts';
import { createPairings, type Pairings } from './pairings.ts';
import { createRequireDevice, type RequireDevice } from './require-device.ts';
import { createSignatures, type Signatures } from './signatures.ts';

const perSecond = (usual: number, description: string) =>
  Type.Number({ default: usual, minimum: 0, maximum: 1_000_000, description });

export const deviceAccessConfig = Type.Object({
  ...formerSecretConfig.properties,
  DEVICES_MAX: Type.Integer({
    default: 100,
    minimum: 1,
    maximum: 100_000,
    description: 'How many devices may be known; one more cannot be paired.',
  }),
  DEVICE_RATE: perSecond(50, 'Requests a second of one device, with bursts of ten seconds; 0 is no limit.'),
  OWNER_RATE: perSecond(500, "Requests a second of all of one user's devices; 0 is no limit."),
  ADDRESS_RATE: perSecond(500, 'Requests a second from one address; 0 is no limit.'),
});

export type DeviceAccessConfig = Static<typeof deviceAccessConfig>;

/** Devices and how they are let in, for the services that they talk to and those that manage them. */
export interface DeviceAccess {
  readonly tokens: DeviceTokens;
  readonly pairings: Pairings;
  readonly signatures: Signatures;
  readonly requireDevice: RequireDevice;
}

export function createDeviceAccess({
  store,
  secret,
  config,
  nowMs,
}: {
  readonly store: Store;
  readonly secret: string;
  readonly config: DeviceAccessConfig;
  readonly nowMs: () => number;
}): DeviceAccess {
  const { SERVER_SECRET_BEFORE: before } = config;
  const secrets: Secrets = before === undefined ? [secret] : [secret, before];
  const tokens = createDeviceTokens({ store, secrets, nowMs });
  const signatures = createSignatures({ store, secrets, nowMs });
  const limits = {
    device: createRateLimit({ perSecond: config.DEVICE_RATE, nowMs }),
    owner: createRateLimit({ perSecond: config.OWNER_RATE, nowMs }),
    address: createRateLimit({ perSecond: config.ADDRESS_RATE, nowMs }),
  };
  return {
    tokens,
    signatures,
    pairings: createPairings({ store, secret, tokens, devicesMax: config.DEVICES_MAX, nowMs }),
    requireDevice: createRequireDevice({ tokens, signatures, limits }),
  };
}
