import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AggregatorRig, startAggregatorRig } from '../aggregator/rig-under-test.ts';
import { read } from '../dev/compose/compose-file-under-test.ts';
import { describeWith } from '../ports/servers-under-test.ts';
import { type startDatabase, startPlainDatabase, startTimescaleDatabase } from '../ports/store/database-under-test.ts';
import { SERVER_OPTIONS } from '../ports/store/server-options.ts';
import { expandSql, type Given } from './expand-query.ts';
import { expected } from './expected-under-test.ts';
import { all, few, nothing, writeKnownData } from './known-data-under-test.ts';
import { isSql, questionsOf, readDashboards, type SqlQuestion } from './questions.ts';

const everywhere = questionsOf(readDashboards()).filter(isSql);
const questions = [...new Map(everywhere.map((question) => [question.name, question])).values()];

test('what has one name is one question', () => {
  const texts = new Set(everywhere.map(({ name, rawSql }) => `${name} ${rawSql}`));
  expect(texts.size).toBe(questions.length);
});

test('every question to the database has its answer written down, and nothing else has', () => {
  expect(Object.keys(expected).sort()).toEqual(questions.map(({ name }) => name).sort());
});

describe('on PostgreSQL', () => answering(startPlainDatabase, { timescale: false }));
describeWith('timescale', 'on TimescaleDB', ({ url }) =>
  answering(() => startTimescaleDatabase(url), { timescale: true }),
);

function answering(database: typeof startDatabase, options: { readonly timescale: boolean }): void {
  let rig: AggregatorRig;
  let reader: pg.Client;
  let owner: pg.Client;

  beforeAll(async () => {
    rig = await startAggregatorRig(database);
    const { connectionString } = rig.services;
    const password = 'a-password_of-2';
    owner = new pg.Client({
      connectionString,
      options: `${SERVER_OPTIONS} -c passerby.reader_password=${password}`,
    });
    await owner.connect();
    await owner.query(read('ops/timescaledb/reader.sql'));
    const url = new URL(connectionString);
    url.username = 'passerby_reader';
    url.password = password;
    reader = new pg.Client({ connectionString: url.href, options: SERVER_OPTIONS });
    await reader.connect();
  });
  afterAll(async () => {
    await reader?.end();
    await owner?.end();
    await rig?.services.stop();
  });

  const ask = async ({ rawSql }: SqlQuestion, given: Given) => {
    const { rows, fields } = await reader.query({ text: expandSql(rawSql, given, options), rowMode: 'array' });
    return rows.map((row: unknown[]) => row.map((value, at) => told(value, fields[at]?.name)).join(' | '));
  };

  test('nothing, and without an error, where there is nothing yet', async () => {
    for (const question of questions) {
      const answer = await ask(question, nothing);
      const { empty = [] } = expected[question.name] ?? {};
      if (typeof empty === 'function') empty(answer);
      else expect(answer, question.name).toEqual(empty);
    }
  });

  describe('of what is known', () => {
    beforeAll(() => writeKnownData(rig, (text) => owner.query(text)));

    test.each(questions.map((question) => [question.name, question] as const))('%s', async (name, question) => {
      for (const [given, wanted] of [
        [all, expected[name]?.all],
        [few, expected[name]?.few],
      ] as const) {
        const answer = await ask(question, given);
        if (typeof wanted === 'function') wanted(answer);
        else expect(answer).toEqual(wanted);
      }
    });
  });
}

/** As Grafana takes it: a time may be seconds since 1970, and numbers are numbers, however the database writes them. */
function told(value: unknown, name?: string): string {
  if (value === null) return '-';
  const time = name === 'time' && !(value instanceof Date) ? new Date(Number(value) * 1_000) : value;
  if (time instanceof Date) return time.toISOString().replace(/^(.*)T(\d\d:\d\d):00.000Z$/, '$1 $2');
  return String(value);
}
