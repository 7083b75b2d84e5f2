import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFrames } from '../../aggregator/write-captures.ts';
import { writeDeadLetters } from '../../aggregator/write-dead-letters.ts';
import type { Name } from '../../http/access/people-under-test.ts';
import type { User } from '../../http/access/users.ts';
import { fixedCodec } from '../../schemas/codec.ts';
import { derivedId, frameId } from '../../schemas/identity.ts';
import { frame, letter } from '../../schemas/records-under-test.ts';
import type { DeadLetter, Frame } from '../../schemas/types.ts';
import { type ManagedConsole, startManagedConsole } from './managed-under-test.ts';
import { NOW_MS } from './server-under-test.ts';

let rig: ManagedConsole;
beforeAll(async () => {
  rig = await startManagedConsole();
  for (const [owner, device] of [
    ['ann', 'a-1'],
    ['ann', 'a-2'],
    ['bob', 'b-1'],
  ] as const) {
    await rig.enrol(owner, device);
  }
});
afterAll(() => rig.stop());

const PATH = '/api/v1/dead-letters';

function frameOf(device: string, seq: number): Frame {
  const captured_at = NOW_MS + seq;
  return frame(seq, { device_id: device, frame_id: frameId(device, 0, seq), captured_at });
}

/** A dead frame of a device, with its letter. */
async function bury(device: string, seq: number, change: Partial<DeadLetter> = {}): Promise<DeadLetter> {
  const dead = frameOf(device, seq);
  const { frame_id, captured_at } = dead;
  const letterOfFrame = letter(seq, {
    dead_letter_id: derivedId('dead-letter', frame_id),
    ...{ device_id: device, original_key: device, frame_id, captured_at },
    original_value: fixedCodec.encode('frame', dead),
    recorded_at: NOW_MS + seq * 1_000,
    ...change,
  });
  const { store } = rig.console.services;
  await writeFrames(store, [{ record: { offset: 0n, key: device, value: null, appendedAtMs: 0 }, value: dead }]);
  await store.run({ name: 'kill', text: "update captures set state = 'dead' where frame_id = $1" }, [frame_id]);
  await writeDeadLetters(store, [letterOfFrame], NOW_MS);
  return letterOfFrame;
}

/** A record that nobody could read. */
async function poison(at: number, value: Buffer | null = Buffer.from('x')): Promise<DeadLetter> {
  const unread = letter(at, {
    dead_letter_id: derivedId('dead-letter', 'frames', 1, at),
    ...{ device_id: null, frame_id: null, captured_at: null, original_key: 'a-1', original_value: value },
    ...{ code: 'not-confluent', partition: 1, recorded_at: NOW_MS + at * 1_000, attempts: 1 },
  });
  await writeDeadLetters(rig.console.services.store, [unread], NOW_MS);
  return unread;
}

interface Listed {
  readonly id: string;
  readonly device_id: string | null;
}

async function list(who: Name, query = '') {
  const { status, body } = await rig.ask(who, `GET ${PATH}?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as unknown as {
    readonly letters: readonly Listed[];
    readonly codes: readonly object[];
    readonly total: number;
    readonly has_more: boolean;
  };
}

const devicesIn = async (who: Name, query = '') => (await list(who, query)).letters.map(({ device_id }) => device_id);

async function newestRecord(topic: string): Promise<{ value: Buffer; key: string; headers: object | null }> {
  const text =
    'select key, value, headers from log.records where topic = $1 order by appended_at desc, ctid desc limit 1';
  const [record] = await rig.console.services.store.run<{ value: Buffer; key: string; headers: object | null }>(
    { name: 'newest', text },
    [topic],
  );
  if (!record) throw new Error(`there is nothing in ${topic}`);
  return record;
}

describe('the list', () => {
  beforeAll(async () => {
    await bury('a-1', 1);
    await bury('a-2', 2, { code: 'picture-missing' });
    await bury('b-1', 3);
    await bury('nobodys', 4, { topic: 'backlog' });
    await poison(5);
  });

  test('has the newest first, and to each what is theirs; of no device is for administrators', async () => {
    expect(await devicesIn('admin')).toEqual([null, 'nobodys', 'b-1', 'a-2', 'a-1']);
    for (const who of ['ann', 'ann-viewer'] as const) expect(await devicesIn(who)).toEqual(['a-2', 'a-1']);
    expect(await devicesIn('bob')).toEqual(['b-1']);
    const { id, username } = rig.userOf('admin');
    const staff: User = { id, username, role: 'viewer', fleetId: null };
    const { body } = await rig.ask(staff, `GET ${PATH}`);
    expect(body).toMatchObject({ total: 4, letters: [{ device_id: 'nobodys' }, {}, {}, { device_id: 'a-1' }] });
  });

  test.each([
    ['device_id=b-1', ['b-1']],
    ['code=picture-missing', ['a-2']],
    ['topic=backlog', ['nobodys']],
    ['state=open', [null, 'nobodys', 'b-1', 'a-2', 'a-1']],
    ['state=discarded', []],
    ['from=2026-05-01T12:00:03Z', [null, 'nobodys', 'b-1']],
    ['to=2026-05-01T12:00:02Z', ['a-2', 'a-1']],
    ['from=2026-05-01T12:00:02Z&to=2026-05-01T14:00:03%2B02:00&device_id=a-2', ['a-2']],
  ])('of %s', async (query, devices) => {
    expect(await devicesIn('admin', query)).toEqual(devices);
  });

  test('comes in pages, and counts by code', async () => {
    const { letters, total, has_more, codes } = await list('admin', 'page_size=2&page=2');
    expect([letters.map(({ device_id }) => device_id), total, has_more]).toEqual([['b-1', 'a-2'], 5, true]);
    expect(codes).toEqual([
      { code: 'bad-picture', letters: 3 },
      { code: 'not-confluent', letters: 1 },
      { code: 'picture-missing', letters: 1 },
    ]);
    expect(await list('admin', 'code=not-confluent')).toMatchObject({ total: 1, has_more: false, codes });
    expect((await list('ann')).codes).toEqual([
      { code: 'bad-picture', letters: 1 },
      { code: 'picture-missing', letters: 1 },
    ]);
  });

  test.each(['state=dead', 'topic=nothing', 'from=yesterday', 'to=2026-02-31', 'page=0', 'device_id=%00'])(
    '%s is no question',
    async (query) => {
      const { status, body } = await rig.ask('admin', `GET ${PATH}?${query}`);
      expect([status, body.code]).toEqual([422, 'invalid-request']);
    },
  );
});

describe('one of them', () => {
  test('says what it says, with the name of its schema, and what became of its frame', async () => {
    const { dead_letter_id: id } = await bury('a-1', 20);
    const { status, body } = await rig.ask('ann-viewer', `GET ${PATH}/${id}`);
    expect(status).toBe(200);
    const { sha256, ...told } = frameOf('a-1', 20);
    expect(body).toEqual({
      ...{ id, device_id: 'a-1', topic: 'frames', partition: 0, offset: 20, key: 'a-1', code: 'bad-picture' },
      ...{ message: 'no JPEG', attempts: 3, state: 'open', frame_id: told.frame_id, succeeded_at: null },
      captured_at: '2026-05-01T12:00:00.020Z',
      recorded_at: '2026-05-01T12:00:20.000Z',
      created_at: '2026-05-01T12:00:00.000Z',
      record: { schema: 'frame', value: { ...told, sha256: sha256.toString('base64') } },
      bytes: null,
      capture: expect.objectContaining({ frame_id: told.frame_id, camera_id: 'a-1', seq: 20, state: 'dead' }),
    });
  });

  test('that cannot be read has its bytes', async () => {
    const [unread, empty] = [await poison(21), await poison(22, null)];
    const { body } = await rig.ask('admin', `GET ${PATH}/${unread.dead_letter_id}`);
    expect(body).toMatchObject({ device_id: null, record: null, bytes: 'eA==', capture: null, key: 'a-1' });
    const { body: none } = await rig.ask('admin', `GET ${PATH}/${empty.dead_letter_id}`);
    expect(none).toMatchObject({ record: null, bytes: null });
  });

  test('of others is not there, to be seen or to be changed', async () => {
    const [theirs, unread] = [await bury('b-1', 23), await poison(24)];
    for (const { dead_letter_id: id } of [theirs, unread, { dead_letter_id: derivedId('none') }]) {
      for (const ask of [`GET ${PATH}/${id}`, `POST ${PATH}/${id}/redrive`, `POST ${PATH}/${id}/discard`]) {
        const { status, body } = await rig.ask('ann', ask);
        expect([ask, status, body.code]).toEqual([ask, 404, 'no-such-dead-letter']);
      }
    }
    expect((await rig.ask('admin', `GET ${PATH}/no-id`)).status).toBe(422);
  });
});

describe('redriving', () => {
  test('a frame appends a control among its device’s frames, once, and its capture waits again', async () => {
    const { dead_letter_id: id, frame_id } = await bury('a-1', 30);
    const { status, body } = await rig.ask('ann', `POST ${PATH}/${id}/redrive`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, state: 'redriven', succeeded_at: null });
    const { key, value } = await newestRecord('frames');
    const { size_bytes, sha256 } = frameOf('a-1', 30);
    expect([key, fixedCodec.decode(value).value]).toMatchObject([
      'a-1',
      { device_id: 'a-1', body: { kind: 'RedriveControl', frame_id, seq: 30, size_bytes, sha256 } },
    ]);
    const { body: one } = await rig.ask('ann', `GET ${PATH}/${id}`);
    expect(one.capture).toMatchObject({ state: 'queued', error: null });
    for (const change of ['redrive', 'discard']) {
      const again = await rig.ask('ann', `POST ${PATH}/${id}/${change}`);
      expect([again.status, again.body.code]).toEqual([409, 'dead-letter-not-open']);
    }
    // Unless it is known that nothing came of it.
    const redriven = { status: 200, body: { state: 'redriven' } };
    expect(await rig.ask('ann', `POST ${PATH}/${id}/redrive`, { again: true })).toMatchObject(redriven);
    expect((await newestRecord('frames')).value).toEqual(value);
  });

  test('with another picture says nothing of what was stored', async () => {
    const { dead_letter_id: id } = await bury('a-1', 31, { topic: 'backlog' });
    await rig.ask('ann', `POST ${PATH}/${id}/redrive`, { accept_changed: true });
    const { value } = await newestRecord('backlog');
    expect(fixedCodec.decode(value).value).toMatchObject({ body: { seq: 31, size_bytes: null, sha256: null } });
  });

  test('a record appends its bytes, or those that were mended, to where they came from', async () => {
    const [first, second] = [await poison(32), await poison(33)];
    await rig.ask('admin', `POST ${PATH}/${first.dead_letter_id}/redrive`);
    const headers = { 'dead-letter': first.dead_letter_id };
    expect(await newestRecord('frames')).toEqual({ key: 'a-1', value: Buffer.from('x'), headers });
    const mended = fixedCodec.encode('frame', frameOf('a-1', 33));
    const value = mended.toString('base64');
    await rig.ask('admin', `POST ${PATH}/${second.dead_letter_id}/redrive`, { value });
    expect(await newestRecord('frames')).toMatchObject({ key: 'a-1', value: mended });
  });

  test('with what cannot be read either is refused, and leaves the letter open', async () => {
    const { dead_letter_id: id } = await poison(34);
    const { status, body } = await rig.ask('admin', `POST ${PATH}/${id}/redrive`, { value: 'eXl5' });
    expect([status, body.code]).toEqual([422, 'unusable-value']);
    expect(body.detail).toContain('cannot be read either');
    expect((await rig.ask('admin', `POST ${PATH}/${id}/redrive`, { value: 'no base64!' })).status).toBe(422);
    expect((await rig.ask('admin', `POST ${PATH}/${id}/redrive`, { valu: 'eA==' })).status).toBe(422);
    expect((await rig.ask('admin', `GET ${PATH}/${id}`)).body).toMatchObject({ state: 'open' });
  });

  test('what was discarded, after all', async () => {
    const { dead_letter_id: id } = await bury('a-1', 35);
    const discarded = await rig.ask('ann', `POST ${PATH}/${id}/discard`, { reason: 'a test' });
    expect(discarded).toMatchObject({ status: 200, body: { state: 'discarded' } });
    expect((await rig.ask('ann', `POST ${PATH}/${id}/discard`)).status).toBe(409);
    expect(await rig.ask('ann', `POST ${PATH}/${id}/redrive`)).toMatchObject({ body: { state: 'redriven' } });
  });
});

describe('many', () => {
  const sweep = () => rig.console.letterActions.sweep(new AbortController().signal);

  test('that match, and are theirs, are redriven one after the other; others are left alone', async () => {
    const code = 'many';
    for (const seq of [40, 41, 42]) await bury('a-1', seq, { code });
    await bury('a-2', 43, { code });
    await bury('b-1', 44, { code });
    const { status, body } = await rig.ask('ann', `POST ${PATH}/redrive?code=${code}&device_id=a-1`, {
      accept_changed: true,
    });
    expect([status, body]).toEqual([202, { id: expect.any(String), total: 3 }]);
    const action = `GET ${PATH}/actions/${body.id}`;
    expect((await rig.ask('ann-viewer', action)).body).toMatchObject({ state: 'running', total: 3, done: 0 });
    await sweep();
    expect((await rig.ask('admin', action)).body).toEqual({
      ...{ id: body.id, kind: 'redrive', state: 'done', by: 'ann', total: 3, done: 3, passed_over: 0, failed: 0 },
      ...{ error: null, created_at: expect.any(String), finished_at: expect.any(String) },
    });
    expect(await rig.ask('bob', action)).toMatchObject({ status: 404, body: { code: 'no-such-action' } });
    expect(await devicesIn('admin', `code=${code}&state=open`)).toEqual(['b-1', 'a-2']);
    expect(await devicesIn('admin', `code=${code}&state=redriven`)).toEqual(['a-1', 'a-1', 'a-1']);
  });

  test('of all codes are only those of one’s own', async () => {
    for (const seq of [50, 51]) await bury('b-1', seq, { code: 'all' });
    const before = await list('admin', 'state=open');
    const theirs = before.letters.filter(({ device_id }) => device_id === 'b-1');
    const { body } = await rig.ask('bob', `POST ${PATH}/discard`, { reason: 'moved' });
    expect(body.total).toBe(theirs.length);
    await sweep();
    const after = await list('admin', 'state=open');
    expect(after.letters).toEqual(before.letters.filter((one) => !theirs.includes(one)));
  });
});

describe('the audit log', () => {
  test('tells who has done what, to each what concerns them', async () => {
    const [ours, theirs, unread] = [await bury('a-1', 60), await bury('b-1', 61), await poison(62)];
    const reason = 'for the audit';
    await rig.ask('ann', `POST ${PATH}/${ours.dead_letter_id}/discard`, { reason });
    await rig.ask('admin', `POST ${PATH}/${theirs.dead_letter_id}/discard`, { reason });
    await rig.ask('admin', `POST ${PATH}/${unread.dead_letter_id}/discard`, { reason });
    const told = async (who: Name) => {
      const { body } = await rig.ask(who, 'GET /api/v1/audit?what=dead-letter-discard&page_size=3');
      return (body.changes as readonly { on: string }[]).map(({ on }) => on);
    };
    expect(await told('admin')).toEqual([unread, theirs, ours].map(({ dead_letter_id }) => dead_letter_id));
    expect((await told('ann'))[0]).toBe(ours.dead_letter_id);
    expect(await told('ann')).not.toContain(theirs.dead_letter_id);
    expect((await told('bob'))[0]).toBe(theirs.dead_letter_id);
    const { body } = await rig.ask('bob', 'GET /api/v1/audit?device_id=b-1&page_size=1');
    expect(body.changes).toEqual([
      {
        number: expect.any(Number),
        at: '2026-05-01T12:00:00.000Z',
        who: 'admin',
        what: 'dead-letter-discard',
        on: theirs.dead_letter_id,
        device_id: 'b-1',
        details: { topic: 'frames', code: 'bad-picture', attempts: 3, reason },
      },
    ]);
    expect(body.has_more).toBe(true);
    const { body: later } = await rig.ask('admin', 'GET /api/v1/audit?from=2026-05-01T12:00:01Z');
    expect(later).toMatchObject({ changes: [], total: 0 });
  });

  test('has nothing of what was refused', async () => {
    const { dead_letter_id: id } = await poison(63);
    await rig.ask('admin', `POST ${PATH}/${id}/redrive`, { value: 'eXl5' });
    const { body } = await rig.ask('admin', 'GET /api/v1/audit?page_size=500');
    expect((body.changes as readonly { on: string }[]).filter(({ on }) => on === id)).toEqual([]);
  });
});
