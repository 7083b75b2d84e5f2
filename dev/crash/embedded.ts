import { join } from 'node:path';
import { pino } from 'pino';
import { createFilesystemBlobs } from '../../ports/blobs/filesystem.ts';
import { findFreePort } from '../../ports/free-ports.ts';
import { readServerPid } from '../../ports/store/embedded/orphan.ts';
import { startEmbeddedServer } from '../../ports/store/embedded/server.ts';
import { createPostgresStore } from '../../ports/store/postgres.ts';
import { statement } from '../../ports/store/statement.ts';
import { basicAuthorization } from '../simulate/basic-authorization.ts';
import { enrol } from '../simulate/enrol.ts';
import { readOutcome } from './outcome.ts';
import { createDeath, createServiceProcess, untilReady } from './service-process.ts';
import { configure, DRAW_ALL } from './settings.ts';
import type { Target, TargetOptions } from './target.ts';

const logRecords = statement(import.meta.url, './sql/log-records.sql');
const PASSWORD = 'only-for-this-run';
/** A camera that has sent all it has is not to be told offline: the runs that are compared do not last equally long. */
const QUIET = { HEARTBEAT_INTERVAL_S: '3600' };

/** `npm start` as its own process, and the PostgreSQL that it brings. */
export async function createEmbeddedTarget({ dataDir }: TargetOptions): Promise<Target> {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const { died, tell } = createDeath();
  const service = createServiceProcess({
    program: 'dev/all.ts',
    // An empty DATABASE_URL also keeps one out that a file .env may name: this service is to be its own.
    env: { DATABASE_URL: '', DATA_DIR: dataDir, PORT: String(port), ADMIN_PASSWORD: PASSWORD, ...QUIET, ...DRAW_ALL },
    logFile: `${dataDir}.log`,
    onDied: tell,
  });

  interface Answer {
    readonly lag?: readonly { readonly records: number }[];
    readonly total?: number;
    readonly events?: readonly { readonly ended_at: string | null }[];
  }

  async function ask(path: string): Promise<Answer> {
    const headers = { authorization: basicAuthorization({ password: PASSWORD }) };
    const answer = await fetch(`${url}/api/${path}`, { headers }).catch(() => null);
    return answer?.ok ? ((await answer.json()) as Answer) : {};
  }

  const countOf = async (state: string) => (await ask(`captures?page_size=1&state=${state}`)).total;

  return {
    died,
    blows: { service: 0.6, postgres: 0.4 },

    async start() {
      service.start();
      await Promise.race([untilReady(url), died]);
      return url;
    },

    async enrol(deviceIds) {
      const tokens = await enrol({ url, consoleUrl: url, password: PASSWORD, deviceIds });
      await configure({ consoleUrl: url, password: PASSWORD, deviceIds });
      return tokens;
    },

    async strike(blow) {
      if (blow === 'service') {
        const killed = await service.kill();
        service.start();
        return killed;
      }
      const pid = await readServerPid(join(dataDir, 'postgres'));
      if (pid === null) return false;
      process.kill(pid, 'SIGKILL');
      return true;
    },

    async analysed() {
      const [done, dead] = await Promise.all(['done', 'dead'].map(countOf));
      return (done ?? 0) + (dead ?? 0);
    },

    async isQuiet() {
      const [status, queued, ...told] = await Promise.all([
        ask('status'),
        countOf('queued'),
        ask('events?event_type=visit&page_size=500'),
        ask('events?event_type=motion&page_size=500'),
      ]);
      const waiting = status.lag?.reduce((sum, { records }) => sum + records, 0);
      // What the cameras' silence ends is a part of what a run comes to.
      const areOver = told.every(({ events }) => events?.every(({ ended_at }) => ended_at !== null));
      return waiting === 0 && queued === 0 && areOver;
    },

    async finish(acknowledged) {
      await service.stop();
      const server = await startEmbeddedServer({ folder: dataDir, log: pino({ level: 'silent' }) });
      const { connectionString } = server;
      const store = createPostgresStore({ connectionString, connectionsMax: 1, name: 'crash' });
      try {
        const blobs = createFilesystemBlobs({ folder: join(dataDir, 'blobs') });
        const told = (await store.run<{ value: Buffer }>(logRecords)).map(({ value }) => value);
        return await readOutcome({ store, blobs, told, acknowledged });
      } finally {
        await store.close();
        await server.stop();
      }
    },

    close: () => service.stop(),
  };
}
