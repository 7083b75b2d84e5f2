import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AggregatorRig, startAggregatorRig } from '../aggregator/rig-under-test.ts';
import { read } from '../dev/compose/compose-file-under-test.ts';
import { describeWith } from '../ports/servers-under-test.ts';
import { type startDatabase, startPlainDatabase, startTimescaleDatabase } from '../ports/store/database-under-test.ts';
import { SERVER_OPTIONS } from '../ports/store/server-options.ts';
import { expandSql, type Given } from './expand-query.ts';
import { expected } from './expected-under-test.ts';
import { fieldsOf, misfits } from './fields-under-test.ts';
import { all, few, nothing, PUNE, unlisted, writeKnownData } from './known-data-under-test.ts';
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

  const ask = async ({ name, rawSql, format, use }: SqlQuestion, given: Given) => {
    const { rows, fields } = await reader.query({ text: expandSql(rawSql, given, options), rowMode: 'array' });
    expect(misfits(rows.length > 0 ? fieldsOf(fields, format) : [], use), name).toEqual([]);
    return rows.map((row: unknown[]) => row.map((value, at) => told(value, fields[at]?.name)).join(' | '));
  };

  test('nothing, and without an error, where there is nothing yet', async () => {
    for (const question of questions) {
      for (const given of [nothing, unlisted]) {
        const answer = await ask(question, given);
        const { empty = [] } = expected[question.name] ?? {};
        if (typeof empty === 'function') empty(answer);
        else expect(answer, question.name).toEqual(empty);
      }
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

    test('of several that have one name, each is a choice of its own', async () => {
      await owner.query('begin');
      await owner.query(sameNames);
      const choices = async (name: string) => {
        const rawSql = questions.find((question) => question.name === `variable ${name}`)?.rawSql ?? '';
        const { rows } = await owner.query({ text: expandSql(rawSql, all, options), rowMode: 'array' });
        return rows.map((row: unknown[]) => row.join(' | ')).filter((row) => row.includes('('));
      };
      try {
        expect(await choices('site')).toEqual([`Pune (${OTHER_SITE}) | ${OTHER_SITE}`, `Pune (${PUNE}) | ${PUNE}`]);
        expect(await choices('device')).toEqual(['hall (exit) | exit', 'hall (hall) | hall']);
        expect(await choices('zone')).toEqual(['Till (desk) | desk', 'Till (shelf) | shelf', 'Till (till) | till']);
      } finally {
        await owner.query('rollback');
      }
    });
  });
}

const OTHER_SITE = '00000000-0000-4000-8000-0000000000a9';
/** Another owner's site, an exit that is called as another device's id is, and a shelf that is called the till. */
const sameNames = `
  insert into users (id, username, password_hash, role) values ('${OTHER_SITE}', 'other', '', 'operator');
  insert into sites (id, owner_id, name, time_zone, created_at) values ('${OTHER_SITE}', '${OTHER_SITE}', 'Pune', 'UTC', '2026-01-01');
  insert into devices (id, name, site_id, created_at) values ('exit', 'hall', '${PUNE}', '2026-01-01');
  insert into config_versions (device_id, version, settings, created_at) values
    ('door', 3, '{"zones":[{"id":"till","name":"Till"},{"id":"shelf","name":"Till"}]}', '2026-05-01T09:30:00Z');
`;

/** As Grafana takes it: a time may be seconds since 1970, and numbers are numbers, however the database writes them. */
function told(value: unknown, name?: string): string {
  if (value === null) return '-';
  const time = name === 'time' && !(value instanceof Date) ? new Date(Number(value) * 1_000) : value;
  if (time instanceof Date) return time.toISOString().replace(/^(.*)T(\d\d:\d\d):00.000Z$/, '$1 $2');
  return String(value);
}
