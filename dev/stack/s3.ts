import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createServerProcess, type OnDeath, type Server } from './server-process.ts';

export interface S3Server extends Server {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3Options {
  readonly folder: string;
  readonly program: string;
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly onDeath: OnDeath;
}

/** versitygw: buckets are folders, objects files. */
export function createS3({ folder, program, port, accessKeyId, secretAccessKey, onDeath }: S3Options): S3Server {
  const data = join(folder, 'data');
  mkdirSync(data, { recursive: true });
  const endpoint = `http://127.0.0.1:${port}`;
  const server = createServerProcess({
    name: 'versitygw',
    folder,
    command: () => [program, ['--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive', 'posix', data]],
    // Not as arguments: those are there for everybody to read.
    env: { ...process.env, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
    // Any answer will do, and to a stranger it is a refusal.
    isUp: async () => (await fetch(endpoint, { signal: AbortSignal.timeout(1_000) })).status < 500,
    onDeath,
  });
  return { ...server, endpoint, accessKeyId, secretAccessKey };
}
