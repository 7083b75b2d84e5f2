import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../../http/access/users.ts';
import { fixedCodec } from '../../schemas/codec.ts';
import { builtInSettings } from '../../schemas/device-settings.ts';
import { type ConsoleUnderTest, NOW_MS, startConsole } from './server-under-test.ts';

/** Whose devices are whose: `north` and `south` have one each, and one is from before there were owners. */
const people = {
  boss: { role: 'admin', fleet: null },
  north: { role: 'operator', fleet: 'north' },
  south: { role: 'operator', fleet: 'south' },
  guest: { role: 'viewer', fleet: 'north' },
} as const satisfies Record<string, { role: Role; fleet: string | null }>;
type Person = keyof typeof people;

const ids = new Map<string, string>();
let console: ConsoleUnderTest;
/** Stands for a log that does not answer. */
let logAnswers = true;

beforeAll(async () => {
  console = await startConsole(
    () => ({
      requireUser: async (request) => {
        const username = String(request.headers['x-person']) as Person;
        const { role, fleet } = people[username];
        request.user = { id: ids.get(username) ?? '', username, role, fleetId: fleet && (ids.get(fleet) ?? '') };
      },
      requireUserNow: async () => undefined,
      register: () => undefined,
    }),
    (publisher) => ({ publish: (id) => (logAnswers ? publisher.publish(id) : new Promise(() => undefined)) }),
  );
  const { store } = console.services;
  const insertUser = "insert into users (username, password_hash, role, owner_id) values ($1, '', $2, $3) returning id";
  for (const [name, { role, fleet }] of Object.entries(people)) {
    const owner = fleet && fleet !== name ? ids.get(fleet) : null;
    const [row] = await store.run<{ id: string }>({ name: 'user', text: insertUser }, [name, role, owner]);
    ids.set(name, row?.id ?? '');
  }
  for (const [device, owner] of [
    ['north-1', 'north'],
    ['north-2', 'north'],
    ['north-3', 'north'],
    ['north-4', 'north'],
    ['south-1', 'south'],
    ['orphan', null],
  ] as const) {
    const text = 'insert into devices (id, created_at, owner_id) values ($1, $2, $3)';
    await store.run({ name: 'device', text }, [device, new Date(NOW_MS), owner && ids.get(owner)]);
  }
  const gone = "insert into devices (id, created_at, owner_id, deleted_at) values ('gone', $1, $2, $1)";
  await store.run({ name: 'gone', text: gone }, [new Date(NOW_MS), ids.get('north')]);
});
afterAll(() => console.stop());

interface Sent {
  readonly as?: Person;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(method: 'GET' | 'PUT', path: string, { as = 'north', headers = {} }: Sent, payload?: object) {
  const answer = await console.app.inject({
    method,
    url: `/devices/${path}`,
    headers: { 'x-person': as, ...headers },
    ...(payload && { payload }),
  });
  return { status: answer.statusCode, etag: answer.headers.etag, body: answer.json(), headers: answer.headers };
}
const get = (path: string, sent: Sent = {}) => ask('GET', path, sent);
const put = (device: string, payload: object, sent: Sent = {}) => ask('PUT', `${device}/config`, sent, payload);

const byMatch = (tag: string, as: Person = 'north'): Sent => ({ as, headers: { 'if-match': tag } });

async function recordsOf(device: string) {
  const rows = await console.services.rows<{ topic: string; key: string; value: Buffer }>('log.records');
  return rows.filter(({ key }) => key === device).map(({ topic, value }) => ({ topic, ...fixedCodec.decode(value) }));
}

describe('a configuration', () => {
  test('is the built-in one until somebody gives another, and each version stays', async () => {
    const builtIn = await get('north-1/config');
    expect(builtIn).toMatchObject({ status: 200, etag: '"0"' });
    expect(builtIn.headers['cache-control']).toBe('private, no-cache');
    expect(builtIn.body).toEqual({
      device_id: 'north-1',
      version: 0,
      created_at: null,
      created_by: null,
      published: true,
      settings: builtInSettings,
    });
    const changed = await put('north-1', { version: 0, settings: { device: { jpeg_quality: 60 } } });
    const first = { ...builtInSettings, device: { ...builtInSettings.device, jpeg_quality: 60 } };
    expect(changed).toMatchObject({ status: 200, etag: '"1"' });
    expect(changed.body).toEqual({
      device_id: 'north-1',
      version: 1,
      created_at: new Date(NOW_MS).toISOString(),
      created_by: 'north',
      published: true,
      settings: first,
    });
    expect(await get('north-1/config')).toMatchObject({ etag: '"1"', body: changed.body });

    expect(await put('north-1', { settings: {} }, byMatch('"1"', 'boss'))).toMatchObject({ status: 200, etag: '"2"' });
    const { etag, body } = await get('north-1/config?version=1');
    expect([etag, body]).toEqual([undefined, changed.body]);
    expect((await get('north-1/config?version=0')).body).toMatchObject({ version: 0, settings: builtInSettings });
    expect(await get('north-1/config?version=3')).toMatchObject({ status: 404, body: { code: 'no-such-version' } });
    const listed = { created_at: new Date(NOW_MS).toISOString(), published: true };
    expect((await get('north-1/config/versions')).body).toEqual({
      versions: [
        { version: 2, created_by: 'boss', ...listed },
        { version: 1, created_by: 'north', ...listed },
      ],
      total: 2,
      page: 1,
      page_size: 50,
      has_more: false,
    });
    expect((await get('north-1/config/versions?page_size=1&page=2')).body).toMatchObject({
      versions: [{ version: 1 }],
      has_more: false,
    });
    expect((await get('north-2/config/versions')).body).toMatchObject({ versions: [], total: 0 });
  });

  test('is in the log when it says so, whole and among the frames of both lanes', async () => {
    const records = (await recordsOf('north-1')).flatMap(({ topic, value }) =>
      'body' in value && value.body.kind === 'ConfigurationControl' ? [{ topic, ...value.body }] : [],
    );
    expect(records.map(({ topic, version }) => `${topic} ${version}`).sort()).toEqual([
      'backlog 1',
      'backlog 2',
      'frames 1',
      'frames 2',
    ]);
    expect(records.map(({ settings_json }) => JSON.parse(settings_json).device.jpeg_quality).sort()).toEqual([
      60, 60, 80, 80,
    ]);
  });

  test('that is not right is refused with all that is wrong, and makes no version', async () => {
    const wrong = { version: 0, note: '', settings: { torch: 1, device: { burst_fps: 99 }, zones: [{ id: 'a b' }] } };
    const { status, body } = await put('north-2', wrong);
    expect([status, body.code]).toEqual([422, 'invalid-request']);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '#/note',
      '#/settings/device/burst_fps',
      '#/settings/torch',
      '#/settings/zones/0/id',
      '#/settings/zones/0/points',
    ]);
    expect((await put('north-2', { version: 0 })).body.errors).toMatchObject([{ pointer: '#/settings' }]);
    expect((await get('north-2/config')).body.version).toBe(0);
  });

  test('is stored even if the log does not answer, and says that it is not published', async () => {
    logAnswers = false;
    expect((await put('south-1', { version: 0, settings: {} }, { as: 'south' })).body).toMatchObject({
      version: 1,
      published: false,
    });
    logAnswers = true;
    expect((await get('south-1/config', { as: 'south' })).body).toMatchObject({ version: 1, published: false });
    // With the next one, it is published before it.
    expect((await put('south-1', { version: 1, settings: {} }, { as: 'south' })).body.published).toBe(true);
    expect((await get('south-1/config?version=1', { as: 'south' })).body.published).toBe(true);
  });
});

describe('whoever changes one', () => {
  test('says which version they have seen', async () => {
    for (const sent of [{}, byMatch('*')]) {
      const { status, body } = await put('north-2', { settings: {} }, sent);
      expect([status, body.code]).toEqual([428, 'version-missing']);
    }
    const stale = { code: 'stale-version', current_version: 0 };
    for (const tag of ['"1"', 'W/"0"', '0', '"x"', '']) {
      expect(await put('north-2', { settings: {} }, byMatch(tag))).toMatchObject({ status: 412, body: stale });
    }
    expect(await put('north-2', { version: 1, settings: {} })).toMatchObject({ status: 409, etag: '"0"', body: stale });
    const any = await Promise.all([1, 2, 3].map(() => put('north-4', { settings: {} }, byMatch('"0", "1", "2"'))));
    expect(any.map(({ status, body: { version } }) => [status, version]).sort()).toEqual(
      [1, 2, 3].map((at) => [200, at]),
    );
    const both = await put('north-2', { version: 1, settings: {} }, byMatch('"0"'));
    expect(both).toMatchObject({ status: 409, body: stale });
    expect((await get('north-2/config')).body.version).toBe(0);
    expect((await put('north-2', { version: 0, settings: {} }, byMatch('"7", "0"'))).status).toBe(200);
    expect((await put('north-2', { version: 1, settings: {} }, byMatch('*'))).body.version).toBe(2);
  });

  test('together with others that have seen the same wins, or is told that somebody else has', async () => {
    const everybody = Array.from({ length: 12 }, (_, at) => ({ device: { jpeg_quality: at + 1 } }));
    const answers = await Promise.all(
      everybody.map((settings, at) =>
        at % 2 ? put('north-3', { settings }, byMatch('"0"')) : put('north-3', { version: 0, settings }),
      ),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    for (const [at, { status, body }] of answers.entries()) {
      if (status === 200) continue;
      expect([status, body.code, body.current_version]).toEqual([at % 2 ? 412 : 409, 'stale-version', 1]);
    }
    const { body } = await get('north-3/config');
    expect(body).toEqual(won[0]?.body);
    expect((await get('north-3/config/versions')).body.total).toBe(1);
  });

  test('has to be an operator; to look, a viewer is enough', async () => {
    expect((await get('north-1/config', { as: 'guest' })).status).toBe(200);
    expect((await get('north-1/config/versions', { as: 'guest' })).status).toBe(200);
    const refused = await put('north-1', { version: 2, settings: {} }, { as: 'guest' });
    expect([refused.status, refused.body.code]).toEqual([403, 'not-allowed']);
  });
});

test('devices of others, and those that are gone, are no devices', async () => {
  for (const device of ['south-1', 'orphan', 'gone', 'never']) {
    for (const answer of [
      await get(`${device}/config`),
      await get(`${device}/config?version=1`),
      await get(`${device}/config/versions`),
      await put(device, { version: 0, settings: {} }),
      await put(device, { settings: {} }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([404, 'no-such-device']);
    }
  }
  expect((await get('orphan/config', { as: 'boss' })).status).toBe(200);
  expect((await put('orphan', { version: 0, settings: {} }, { as: 'boss' })).body.created_by).toBe('boss');
  expect((await get('a%20b/config')).status).toBe(422);
});

test('somebody who is gone, and still has a token, is named by nobody', async () => {
  const store = console.services.store;
  await store.run({ name: 'leave', text: "delete from users where username = 'boss'" });
  expect((await put('orphan', { version: 1, settings: {} }, { as: 'boss' })).body).toMatchObject({
    version: 2,
    created_by: null,
  });
  expect((await get('orphan/config?version=1', { as: 'boss' })).body.created_by).toBeNull();
});
