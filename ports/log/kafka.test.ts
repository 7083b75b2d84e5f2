import { pino } from 'pino';
import { systemClock } from '../clock/system.ts';
import { describeWith } from '../servers-under-test.ts';
import { contractLogTopics, contractTopics } from './contract-parts-under-test.ts';
import { kafkaConfigOf } from './kafka/config-under-test.ts';
import { connectKafka } from './kafka/connect.ts';
import { createKafkaLog } from './kafka.ts';
import { describeLog } from './log.contract.ts';

const logger = pino({ level: process.env.LOG_LEVEL ?? 'silent' });

describeWith('kafka', 'the log on a real Kafka', ({ brokers }) => {
  const config = kafkaConfigOf(brokers, 4);

  describeLog('kafka', async () => {
    const create = () =>
      createKafkaLog({
        config,
        name: 'test',
        clock: systemClock,
        logger,
        topics: contractLogTopics,
      });
    const log = await create();
    const rival = await create();
    return {
      log,
      rival,
      close: async () => {
        await log.close();
        await rival.close();
        const admin = connectKafka(config, 'test', logger).admin();
        await admin.connect();
        await admin.deleteTopics({ topics: Object.values(contractTopics) });
        await admin.disconnect();
      },
    };
  });
});
