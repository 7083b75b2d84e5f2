import { Type } from 'typebox';
import type { Pairings } from '../../http/access/devices/pairings.ts';
import type { Signatures } from '../../http/access/devices/signatures.ts';
import { refuseOtherSites } from '../../http/access/other-sites.ts';
import type { Server } from '../../http/server.ts';

const body = Type.Object({ pairing_code: Type.String({ minLength: 1, maxLength: 50 }) });

/** `POST /devices/activate`: a device trades its pairing code for a token, which it is told this once. */
export function registerActivate(
  app: Server,
  {
    pairings,
    signatures,
  }: { readonly pairings: Pick<Pairings, 'activate'>; readonly signatures: Pick<Signatures, 'keyOf'> },
): void {
  const onRequest = async (request: Parameters<typeof refuseOtherSites>[0]) => refuseOtherSites(request);
  const schema = {
    tags: ['devices'],
    summary: 'Trade a pairing code for a token',
    description: 'The token is told this once. Seqs begin anew with each activation.',
    body,
    response: {
      200: Type.Object({
        device_id: Type.String(),
        device_token: Type.String({ description: 'For X-Device-Token.' }),
        signing_key: Type.String({ description: 'For X-Signature, where the device signs what it sends.' }),
        epoch: Type.Integer(),
      }),
    },
  };
  app.post('/devices/activate', { schema, onRequest }, async (request, reply) => {
    const { deviceId, token, epoch } = await pairings.activate(request.body.pairing_code, request.ip);
    request.deviceId = deviceId;
    reply.header('cache-control', 'no-store');
    return {
      device_id: deviceId,
      device_token: token.token,
      signing_key: signatures.keyOf(token.digest),
      epoch,
    };
  });
}
