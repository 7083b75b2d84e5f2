// What a thread starts with. Node 22.18 and later run TypeScript by themselves, others with tsx, in each thread anew.
import { workerData } from 'node:worker_threads';

if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api');
  register();
}
// A thread that waits for nothing but a module being loaded, which is done elsewhere, may end in the middle of it.
const alive = setInterval(() => undefined, 60_000);
await import(workerData.program);
clearInterval(alive);
