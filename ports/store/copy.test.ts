import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyIn, copyOut } from './copy.ts';
import { startDatabase } from './database-under-test.ts';

let database: Awaited<ReturnType<typeof startDatabase>>;
let client: pg.Client;
beforeAll(async () => {
  database = await startDatabase();
  client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  await client.query('create table many (n integer primary key, text text)');
});
afterAll(async () => {
  await client.end();
  await database.stop();
});

const out = async (query: string) => {
  const { stream, rows } = copyOut(client, `copy (${query}) to stdout`);
  return { text: (await buffer(stream)).toString(), rows: rows() };
};
const into = async (chunks: Iterable<string | Buffer>) => {
  const { stream, rows } = copyIn(client, 'copy many from stdin');
  await pipeline(Readable.from(chunks), stream);
  return rows();
};

test.each([
  ['nothing', 'select 1 where false', ''],
  ['what the format escapes', `select null, 'a' || chr(9) || chr(10) || '\\'`, '\\N\ta\\t\\n\\\\\n'],
  [
    'rows larger than what is read at once',
    `select repeat('x', 200000) from generate_series(1, 3)`,
    `${'x'.repeat(200_000)}\n`.repeat(3),
  ],
  [
    'many small rows',
    'select n from generate_series(1, 50000) n',
    Array.from({ length: 50_000 }, (_, n) => `${n + 1}\n`).join(''),
  ],
])('%s come out as they are', async (_, query, text) => {
  const given = await out(query);
  expect(given.text === text).toBe(true);
  expect(given.rows).toBe(query.includes('where false') ? 0 : text.split('\n').length - 1);
});

test('whoever reads slowly is waited for', async () => {
  let most = 0;
  const { stream } = copyOut(client, `copy (select repeat('x', 1000) from generate_series(1, 20000)) to stdout`);
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    most = Math.max(most, stream.readableLength);
    await sleep(1);
  }
  expect(bytes).toBe(20_000 * 1_001);
  expect(most).toBeLessThan(2_000_000);
});

test('what goes in comes out, however it is cut into pieces', async () => {
  const lines = Array.from({ length: 20_000 }, (_, n) => `${n}\tline ${n} ${'é'.repeat(n % 50)}\n`).join('');
  const bytes = Buffer.from(lines);
  const pieces = Array.from({ length: Math.ceil(bytes.length / 7_919) }, (_, at) =>
    bytes.subarray(at * 7_919, (at + 1) * 7_919),
  );
  await client.query('truncate many');
  expect(await into(pieces)).toBe(20_000);
  expect((await out('select * from many order by n')).text === lines).toBe(true);
});

test('what is refused, or broken off, leaves nothing, and the connection goes on', async () => {
  await client.query('truncate many');
  await expect(into(['1\ta\n', 'no number\tb\n'])).rejects.toThrow('invalid input syntax');
  await expect(into(['1\ta\n', '1\tb\n'])).rejects.toThrow('duplicate key');
  const broken = new Error('the disk is gone');
  const { stream } = copyIn(client, 'copy many from stdin');
  const source = Readable.from(
    (function* () {
      yield '1\ta\n';
      throw broken;
    })(),
  );
  await expect(pipeline(source, stream)).rejects.toThrow(broken);
  await expect(buffer(copyOut(client, 'copy nothing to stdout').stream)).rejects.toThrow('does not exist');
  await expect(pipeline(['1\n'], copyIn(client, 'copy nothing from stdin').stream)).rejects.toThrow('does not exist');
  expect(await out('select * from many')).toEqual({ text: '', rows: 0 });
});

test('whoever breaks off reading loses the connection, and hears of it', async () => {
  const other = new pg.Client({ connectionString: database.connectionString });
  const lost = new Promise((settle) => other.once('end', settle));
  other.on('error', () => undefined);
  await other.connect();
  const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no room left')) });
  const { stream } = copyOut(other, 'copy (select * from generate_series(1, 5000000)) to stdout');
  await expect(pipeline(stream, full)).rejects.toThrow('no room left');
  await lost;
});
