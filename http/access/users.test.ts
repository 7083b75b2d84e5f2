import { expect, test } from 'vitest';
import type { Queryable, Statement } from '../../ports/store/store.ts';
import { createUsers } from './users.ts';

interface Row {
  readonly id: string;
  readonly username: string;
  readonly role: string;
  password_hash: string;
}

/** The three statements, by their names, over an array. */
function createMemoryTable(): Queryable & { readonly rows: Row[] } {
  const rows: Row[] = [];
  const effects: Record<string, (values: readonly unknown[]) => object[]> = {
    'find-user': ([username]) => rows.filter((row) => row.username === username),
    'insert-administrator': ([username, hash]) => {
      if (rows.some((row) => row.username === username)) return [];
      const row = { id: `id-${rows.length}`, username: String(username), password_hash: String(hash), role: 'admin' };
      rows.push(row);
      return [{ id: row.id }];
    },
    'update-password': ([id, hash]) => {
      for (const row of rows) if (row.id === id) row.password_hash = String(hash);
      return [];
    },
  };
  return {
    rows,
    async run<Result extends object>({ name }: Statement, values: readonly unknown[] = []) {
      const effect = effects[name.replace(/-[\da-f]{8}$/, '')];
      if (!effect) throw new Error(`no such statement: ${name}`);
      return effect(values) as Result[];
    },
  };
}

test('the first start makes an administrator and tells the password once', async () => {
  const users = createUsers({ store: createMemoryTable() });
  const { password } = await users.ensureAdministrator({});
  expect(password).toMatch(/^[a-hjkmnp-zA-HJ-NP-Z2-9]{20}$/);
  expect(await users.authenticate('admin', password ?? '')).toEqual({
    id: 'id-0',
    username: 'admin',
    role: 'admin',
    passwordStamp: expect.any(String),
  });
  expect(await users.ensureAdministrator({})).toEqual({ password: null });
});

test('a made-up password is told also when the answer to the try that stored it was lost', async () => {
  const store = createMemoryTable();
  let lost = true;
  const flaky: Queryable = {
    async run<Result extends object>(statement: Statement, values?: readonly unknown[]) {
      const rows = await store.run<Result>(statement, values);
      if (lost && statement.name.startsWith('insert-administrator')) {
        lost = false;
        throw new Error('the connection broke');
      }
      return rows;
    },
  };
  const users = createUsers({ store: flaky });
  await expect(users.ensureAdministrator({})).rejects.toThrow('broke');
  const { password } = await users.ensureAdministrator({});
  expect(await users.authenticate('admin', password ?? '')).not.toBeNull();
  expect(await users.ensureAdministrator({})).toEqual({ password: null });
});

test('a password that is given holds, now and after every change', async () => {
  const store = createMemoryTable();
  const users = createUsers({ store });
  expect(await users.ensureAdministrator({ password: 'first-one' })).toEqual({ password: null });
  const before = store.rows[0]?.password_hash;
  expect(before).toBeDefined();
  await users.ensureAdministrator({ password: 'first-one' });
  expect(store.rows[0]?.password_hash).toBe(before);
  expect(await users.ensureAdministrator({ password: 'other-one' })).toEqual({ password: null });
  expect(await users.authenticate('admin', 'first-one')).toBeNull();
  expect(await users.authenticate('admin', 'other-one')).not.toBeNull();
});

test('whoever has shown a password is looked up again: somebody with another one is not them', async () => {
  const users = createUsers({ store: createMemoryTable() });
  await users.ensureAdministrator({ password: 'first-one' });
  const shown = await users.authenticate('admin', 'first-one');
  if (!shown) throw new Error('not let in');
  expect(await users.lookAgain(shown)).toEqual(shown);
  expect(await users.lookAgain({ ...shown, id: 'somebody of the same name' })).toBeNull();
  await users.setPassword(shown.id, 'other-one');
  expect(await users.lookAgain(shown)).toBeNull();
  expect(await users.lookAgain({ ...shown, username: 'nobody' })).toBeNull();
});

test('of two instances that start at once, one tells a password that works', async () => {
  const store = createMemoryTable();
  const told = await Promise.all([1, 2].map(() => createUsers({ store }).ensureAdministrator({})));
  const passwords = told.map(({ password }) => password).filter((password) => password !== null);
  expect(passwords).toHaveLength(1);
  expect(await createUsers({ store }).authenticate('admin', passwords[0] ?? '')).not.toBeNull();
});

test('a name that does not exist costs as much as a wrong password', async () => {
  const users = createUsers({ store: createMemoryTable() });
  await users.ensureAdministrator({ password: 'first-one' });
  // Of the processor, not of the clock, so that a busy machine does not decide.
  const cost = async (username: string) => {
    const costs: number[] = [];
    for (let round = 0; round < 5; round++) {
      const before = process.cpuUsage();
      expect(await users.authenticate(username, 'guess')).toBeNull();
      costs.push(process.cpuUsage(before).user);
    }
    return Math.min(...costs);
  };
  const ratio = (await cost('nobody')) / (await cost('admin'));
  expect(ratio).toBeGreaterThan(0.4);
  expect(ratio).toBeLessThan(2.5);
});
