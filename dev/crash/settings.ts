import { setTimeout as sleep } from 'node:timers/promises';
import { DRAWABLE } from '../../schemas/snapshot-config.ts';
import { basicAuthorization } from '../simulate/basic-authorization.ts';

/** All that a camera can tell of, so that whatever a kill could spoil is there: the left half is a zone, beside a line. */
const SETTINGS = {
  zones: [
    {
      id: 'left',
      points: [
        { x: 0, y: 0 },
        { x: 0.5, y: 0 },
        { x: 0.5, y: 1 },
        { x: 0, y: 1 },
      ],
    },
  ],
  lines: [
    {
      id: 'middle',
      points: [
        { x: 0.5, y: 0 },
        { x: 0.5, y: 1 },
      ],
    },
  ],
  thresholds: { loitering_ms: 5_000, crowd_people: 2, crowd_ms: 1_000, detection_cooldown_ms: 10_000 },
  events: { detection: true, tracking: true },
};

/** And all that can be drawn is. */
export const DRAW_ALL = { SNAPSHOT_TYPES: DRAWABLE.join(',') };

const LOOK_EVERY_MS = 250;

/** Resolves when the log has it, before any frame: so it is known from which frame on it counts. */
export async function configure({
  consoleUrl,
  password,
  deviceIds,
}: {
  readonly consoleUrl: string;
  readonly password: string;
  readonly deviceIds: Iterable<string>;
}): Promise<void> {
  const headers = { authorization: basicAuthorization({ password }), 'content-type': 'application/json' };
  for (const deviceId of deviceIds) {
    const url = `${consoleUrl}/devices/${deviceId}/config`;
    let config = await ask(url, { method: 'PUT', headers, body: JSON.stringify({ settings: SETTINGS, version: 0 }) });
    while (!config.published) {
      await sleep(LOOK_EVERY_MS);
      config = await ask(url, { headers });
    }
  }
}

async function ask(url: string, request: RequestInit): Promise<{ readonly published: boolean }> {
  const answer = await fetch(url, request);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as { readonly published: boolean };
}
