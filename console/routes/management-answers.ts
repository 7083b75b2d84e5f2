import { Type } from 'typebox';
import { nullable, oneOf, time } from '../../http/answer-types.ts';
import { deviceRetention } from '../../schemas/device-retention.ts';
import { pageAnswer } from './answers.ts';

/** What is answered of devices, sites and users. A `title` is the name that generated clients know a type by. */

const id = Type.String({ format: 'uuid' });
const owner = nullable(Type.String({ description: 'The name of a user.' }));
/** Left out for those who see one owner's alone. */
const seenOwner = Type.Optional(owner);

export const device = Type.Object(
  {
    device_id: Type.String(),
    name: nullable(Type.String()),
    site_id: nullable(id),
    owner: seenOwner,
    created_at: time('When it was first paired.'),
    activated_at: nullable(time('When it last traded in a code.')),
    revoked_at: nullable(time('Since when it is let in no more.')),
    last_seen_at: nullable(time('When it last sent something.')),
    last_config_fetch_at: nullable(time('When it last asked what it is to do.')),
    capture_mode: nullable(oneOf(['baseline', 'burst', 'paused'], 'What it was last told to do.')),
    epoch: Type.Integer({ description: 'Grows with each activation.' }),
    firmware_version: nullable(Type.String()),
    requires_signature: Type.Boolean({ description: 'Whether it must sign what it sends.' }),
    metadata: Type.Unsafe<object>({ type: 'object', description: 'What people have noted.' }),
    retention: deviceRetention,
    pairing_expires_at: nullable(time('Until when a pairing code waits for it.')),
  },
  { title: 'Device' },
);

export const devicePage = Type.Object({ devices: Type.Array(device), ...pageAnswer }, { title: 'DevicePage' });

export const pairing = Type.Object(
  {
    device_id: Type.String(),
    pairing_code: Type.String({ description: 'For one use, shown this once.' }),
    expires_at: time('Until when the code is good.'),
  },
  { title: 'Pairing' },
);

export const revocation = Type.Object({ device_id: Type.String(), revoked_at: time('Since when.') });

export const rotation = Type.Object({
  device_id: Type.String(),
  device_token: Type.String({ description: 'For X-Device-Token; shown this once.' }),
  signing_key: Type.String({ description: 'For X-Signature, where the device signs what it sends.' }),
});

export const site = Type.Object(
  {
    site_id: id,
    name: Type.String(),
    time_zone: Type.String(),
    owner: seenOwner,
    created_at: time('When it was made.'),
  },
  { title: 'Site' },
);

export const sitePage = Type.Object({ sites: Type.Array(site), ...pageAnswer }, { title: 'SitePage' });

export const user = Type.Object(
  {
    user_id: id,
    username: Type.String(),
    role: oneOf(['admin', 'operator', 'viewer']),
    owner,
    created_at: time('When they were added.'),
  },
  { title: 'User' },
);

export const userPage = Type.Object({ users: Type.Array(user), ...pageAnswer }, { title: 'UserPage' });
