import { Type } from 'typebox';

/** For whoever tells devices how often to be heard from, and for whoever notices that they are not. */
export const heartbeatConfig = Type.Object({
  HEARTBEAT_INTERVAL_S: Type.Integer({
    default: 60,
    minimum: 5,
    maximum: 86_400,
    description: 'How often a device is to be heard from, in seconds; silent for three times that, it is offline.',
  }),
});
