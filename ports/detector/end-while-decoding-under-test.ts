import { parentPort } from 'node:worker_threads';
import { dataOfThread } from '../start-thread.ts';
import { type BareJpeg, bareJpeg } from './bare-jpeg.ts';

/** A thread that decodes a picture, begins with many more, and ends. */
const jpeg = Buffer.from(dataOfThread<Uint8Array>());
const decode = () => (bareJpeg as BareJpeg).decode(jpeg, Buffer.alloc(640 * 480 * 4));
parentPort?.postMessage(await decode());
for (let begun = 0; begun < 12; begun += 1) void decode();
setImmediate(() => process.exit(0));
