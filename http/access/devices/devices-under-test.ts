import type { Store } from '../../../ports/store/store.ts';
import { createDeviceAccess, type DeviceAccess, type DeviceAccessConfig } from './device-access.ts';

export const SECRET = 'the secret of this test, long enough';
export const NO_LIMITS: DeviceAccessConfig = { DEVICES_MAX: 10_000, DEVICE_RATE: 0, OWNER_RATE: 0, ADDRESS_RATE: 0 };

export interface DevicesUnderTest extends DeviceAccess {
  /** The token of a device that is there from then on. */
  enrol(deviceId: string): Promise<string>;
}

/** Devices as a service lets them in, each paired and activated when it is first asked for. */
export async function openDevices({
  store,
  nowMs,
  config = {},
}: {
  readonly store: Store;
  readonly nowMs: () => number;
  readonly config?: Partial<DeviceAccessConfig>;
}): Promise<DevicesUnderTest> {
  const access = createDeviceAccess({ store, secret: SECRET, config: { ...NO_LIMITS, ...config }, nowMs });
  const enrolled = new Map<string, Promise<string>>();

  async function pairAndActivate(deviceId: string): Promise<string> {
    const { code } = await access.pairings.pair({ deviceId, ownerId: null, fleetId: null });
    const { token } = await access.pairings.activate(code, '192.0.2.1');
    return token.token;
  }

  return {
    ...access,
    enrol(deviceId) {
      const token = enrolled.get(deviceId) ?? pairAndActivate(deviceId);
      enrolled.set(deviceId, token);
      return token;
    },
  };
}
