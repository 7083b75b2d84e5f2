import { systemClock } from '../clock/system.ts';
import { startDatabase } from '../store/database-under-test.ts';
import { createPostgresStore } from '../store/postgres.ts';
import { contractLogTopics } from './contract-parts-under-test.ts';
import { describeLog } from './log.contract.ts';
import { createPostgresLog, migratePostgresLog } from './postgres.ts';

describeLog('postgres', async () => {
  const database = await startDatabase();
  await migratePostgresLog(database.connectionString);
  const create = () =>
    createPostgresLog({
      store: createPostgresStore({ connectionString: database.connectionString, connectionsMax: 8, name: 'test' }),
      clock: systemClock,
      partitionCount: 4,
      topics: contractLogTopics,
    });
  const [log, rival] = await Promise.all([create(), create()]);
  return {
    log,
    rival,
    close: async () => {
      await log.close();
      await rival.close();
      await database.stop();
    },
  };
});
