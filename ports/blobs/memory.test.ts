import { systemClock } from '../clock/system.ts';
import { describeBlobs } from './blobs.contract.ts';
import { createMemoryBlobs } from './memory.ts';

describeBlobs('memory', async () => ({
  blobs: createMemoryBlobs({ clock: systemClock }),
  close: async () => undefined,
}));
