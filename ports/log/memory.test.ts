import { systemClock } from '../clock/system.ts';
import { contractTopics } from './contract-parts-under-test.ts';
import { describeLog } from './log.contract.ts';
import { createMemoryLog } from './memory.ts';

describeLog('memory', async () => {
  const log = createMemoryLog({ partitionCount: 4, clock: systemClock, compacted: [contractTopics.state] });
  return { log, close: () => log.close() };
});
