import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ManagedConsole, startManagedConsole } from '../console/routes/managed-under-test.ts';
import { idOf } from '../console/routes/server-under-test.ts';
import { PASSWORD } from '../http/access/people-under-test.ts';
import { read } from './compose/compose-file-under-test.ts';

/** docs/events.md by its own commands: what stands there is what is run. */
const run = promisify(execFile);
const doc = read('docs/events.md');
const works = (command: string, ...given: readonly string[]) => spawnSync(command, given).status === 0;
const blockOf = (language: string) => new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(doc)?.[1] ?? '';
const AT = '2024-03-15T10:30:45.123Z';
const DRAWN = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff]);

let rig: ManagedConsole;
let at: string;
let number: string;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-test-'));
  rig = await startManagedConsole();
  const { console } = rig;
  for (const [place, type] of ['motion', 'visit', 'motion'].entries()) {
    const key = `snapshots/camera-1/2024-03-15/${place}.png`;
    await console.addEvent([idOf(place), AT, type, 'camera-1', { place }]);
    await console.blobs.put(key, DRAWN);
    await console.addSnapshot([idOf(place), AT, key]);
  }
  await console.addEvent([idOf(9), '2024-03-17T00:00:00Z', 'motion', 'camera-2', {}]);
  const { body } = await rig.ask('admin', 'GET /api/events?camera_id=camera-1&event_type=visit');
  number = String(body.events[0]?.id);
  await console.app.listen({ host: '127.0.0.1', port: 0 });
  at = `http://127.0.0.1:${(console.app.server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await rig?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const meant = (text: string) =>
  text.replaceAll('http://localhost:8080', at).replaceAll('PASSWORD', PASSWORD).replaceAll('/123', `/${number}`);

describe.skipIf(!works('curl', '--version'))('by curl', () => {
  test('each command is answered as it says', async () => {
    const [settings = '', ...lines] = meant(blockOf('sh')).split('\n');
    const commands = lines.filter((line) => line.startsWith('curl '));
    expect(commands).toHaveLength(5);
    const answers: string[] = [];
    for (const command of commands) {
      const quiet = command.replace('curl ', 'curl --silent --show-error --fail-with-body ');
      answers.push((await run('bash', ['-ec', `${settings}\n${quiet}`], { cwd: folder })).stdout);
    }
    const [motions, span, stats, , deleted] = answers.map((answer) => (answer ? JSON.parse(answer) : null));
    expect([motions.total, motions.page, motions.page_size, motions.has_more]).toEqual([3, 1, 10, false]);
    expect(span.total).toBe(3);
    expect(stats).toEqual({
      total_events: 4,
      events_by_type: { motion: 3, visit: 1 },
      events_by_camera: { 'camera-1': 3, 'camera-2': 1 },
      date_range: { first_event: '2024-03-15T10:30:45.123000', last_event: '2024-03-17T00:00:00.000000' },
    });
    expect(readFileSync(join(folder, 'snapshot.png'))).toEqual(DRAWN);
    expect(deleted).toEqual({ message: `Event ${number} deleted successfully`, snapshot_deleted: false });
  });
});

describe.skipIf(!works('python3', '-c', 'import requests'))('by the client in Python', () => {
  test('each of its questions is answered', async () => {
    const asks = `
import json
client = AnalyticsClient()
events = client.get_events(camera_id="camera-1", event_type="motion", page_size=1)
picture = client.get_snapshot(events["events"][0]["id"])
print(json.dumps([events["total"], len(picture), client.get_stats("camera-2")["total_events"], client.get_events()["page"]]))
`;
    writeFileSync(join(folder, 'client.py'), `${meant(blockOf('python'))}${asks}`);
    const { stdout } = await run('python3', ['client.py'], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual([2, DRAWN.length, 1, 1]);
  });
});

test('of each parameter of the list something is said', async () => {
  const { paths } = JSON.parse(read('schemas/openapi.json'));
  const names = paths['/api/events'].get.parameters.map(({ name }: { name: string }) => name);
  const rows = [...doc.matchAll(/^\| (`.*?) \|/gm)].map(([, row = '']) => row);
  const told = rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(told.sort()).toEqual(names.sort());
});
