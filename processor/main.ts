import { runService } from '../http/run-service.ts';
import { openS3Blobs } from '../ports/blobs/s3.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { modelOptionsOf } from '../ports/detector/config.ts';
import { openThreadedDetector } from '../ports/detector/threaded-detector.ts';
import { createKafkaLog } from '../ports/log/kafka.ts';
import { yieldProcessors } from '../ports/yield-processors.ts';
import { openCodec } from '../schemas/open-codec.ts';
import { logTopics } from '../schemas/topics.ts';
import { processorService } from './config.ts';
import { runProcessor } from './processor.ts';

/** `npm run start:processor`: as many as there are partitions share the devices among them. */
const name = 'processor';

await runService({ name, schema: processorService }, async ({ parts, config, logger, metrics, tracing }) => {
  const detector = await openThreadedDetector(modelOptionsOf(config));
  parts.run('detector', (signal) => detector.run(signal));
  const blobs = await parts.untilAvailable(() => openS3Blobs({ config, logger, missing: 'wait' }));
  parts.started('blobs', () => blobs.close());
  const codec = await openCodec(config, logger, { signal: parts.stopping });
  const log = await parts.untilAvailable(() =>
    createKafkaLog({ config, name, port: config.PORT, topics: logTopics, clock, logger }),
  );
  parts.started('log', () => log.close());
  parts.run(name, (signal) =>
    runProcessor({ log, blobs, detector, codec, clock, logger, metrics, tracing, config }, signal),
  );
  // Uploads, and whatever else is on the machine, are not to wait for pictures to be looked at.
  yieldProcessors();
  return { ready: { blobs: () => blobs.check(), log: () => log.check() } };
});
