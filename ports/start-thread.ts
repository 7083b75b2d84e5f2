import { Worker, workerData } from 'node:worker_threads';

/** Runs a file of ours in a thread of its own; there, `dataOfThread` is what it was given. */
export function startThread(program: URL, { name, data }: { readonly name: string; readonly data: unknown }): Worker {
  return new Worker(new URL('./start-thread.mjs', import.meta.url), {
    name,
    workerData: { program: program.href, data },
  });
}

export function dataOfThread<Data>(): Data {
  return (workerData as { readonly data: Data }).data;
}
