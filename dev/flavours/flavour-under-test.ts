import pg from 'pg';
import { type AggregatorRig, startAggregatorRig } from '../../aggregator/rig-under-test.ts';
import type { startDatabase } from '../../ports/store/database-under-test.ts';
import { SERVER_OPTIONS } from '../../ports/store/server-options.ts';
import type { Question } from './questions-under-test.ts';

const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

type Row = Readonly<Record<string, unknown>>;

/** A database, and an aggregator that writes into it. */
export interface Flavour {
  readonly rig: AggregatorRig;
  run(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** What is answered, sorted where nothing else says in which order; nothing is changed by asking. */
  ask(question: Question): Promise<readonly unknown[]>;
  stop(): Promise<void>;
}

export async function startFlavour(database: typeof startDatabase): Promise<Flavour> {
  const rig = await startAggregatorRig(database);
  const client = new pg.Client({ connectionString: rig.services.connectionString, options: SERVER_OPTIONS });
  await client.connect();
  const run = async (text: string, values: readonly unknown[] = []): Promise<readonly Row[]> =>
    (await client.query<Row>(text, [...values])).rows;

  return {
    rig,
    run,
    async ask({ text, values, isOrdered, compared }) {
      await run('begin');
      const rows = await run(text, values).finally(() => run('rollback'));
      const answer = compared ? rows.map(compared) : rows;
      return isOrdered ? answer : answer.toSorted(byText);
    },
    async stop() {
      await client.end();
      await rig.services.stop();
    },
  };
}
