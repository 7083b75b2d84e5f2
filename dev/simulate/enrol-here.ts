import type { Pairings } from '../../http/access/devices/pairings.ts';

/** The tokens of devices of nobody's, for whoever has the database at hand and needs to ask no service. */
export async function enrolHere(
  pairings: Pick<Pairings, 'pair' | 'activate'>,
  deviceIds: readonly string[],
): Promise<Map<string, string>> {
  const tokens = new Map<string, string>();
  for (const deviceId of deviceIds) {
    const { code } = await pairings.pair({ deviceId, ownerId: null, fleetId: null });
    const { token } = await pairings.activate(code, '127.0.0.1');
    tokens.set(deviceId, token.token);
  }
  return tokens;
}
