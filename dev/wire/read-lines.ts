import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a program until it has printed so many lines of JSON, then asks it to stop; answers the lines and its status. */
export async function readLines(
  command: readonly [program: string, ...args: string[]],
  { count, env, withinMs = 60_000 }: { count: number; env: Readonly<Record<string, string>>; withinMs?: number },
): Promise<{ readonly lines: readonly unknown[]; readonly status: number | null }> {
  const [program, ...args] = command;
  const child = spawn(program, args, { cwd: root, env: { ...process.env, ...env } });
  const watchdog = setTimeout(() => child.kill('SIGKILL'), withinMs);
  let printed = '';
  let complained = '';
  child.stderr.on('data', (chunk) => {
    complained += chunk;
  });
  child.stdout.on('data', (chunk) => {
    printed += chunk;
    if (printed.split('\n').length > count) child.kill('SIGTERM');
  });
  const status = await new Promise<number | null>((settle, fail) => child.once('error', fail).once('close', settle));
  clearTimeout(watchdog);
  const lines = printed.split('\n').filter(Boolean);
  if (lines.length < count) throw new Error(`${lines.length} of ${count} lines; it said: ${complained.slice(-2_000)}`);
  return { lines: lines.map((line) => JSON.parse(line)), status };
}
