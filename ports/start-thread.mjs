// What a thread starts with. Node 22.18 and later run TypeScript by themselves, others with tsx, in each thread anew.
import { workerData } from 'node:worker_threads';

if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api');
  register();
}
await import(workerData.program);
