import { join } from 'node:path';
import { findFreePorts } from '../../ports/free-ports.ts';
import { createServiceProcess, type ServiceProcess } from './service-process.ts';

interface Service {
  readonly process: ServiceProcess;
  readonly url: string;
}

/** Programs as processes, none of them started yet: each listens on a port of its own, and writes a log of its name. */
export async function describeServices<Name extends string>(
  programs: Readonly<Record<Name, string>>,
  {
    folder,
    env,
    onDied,
  }: {
    /** Of the logs. */
    readonly folder: string;
    /** What all of them are told. */
    readonly env: Readonly<Record<string, string>>;
    readonly onDied: (error: Error) => void;
  },
): Promise<Readonly<Record<Name, Service>>> {
  const named = Object.entries<string>(programs);
  const ports = await findFreePorts(named.length);
  const services = named.map(([name, program], at) => {
    const port = ports[at];
    const logFile = join(folder, `${name}.log`);
    const process = createServiceProcess({ program, env: { ...env, PORT: String(port) }, logFile, onDied });
    return [name, { process, url: `http://127.0.0.1:${port}` }];
  });
  return Object.fromEntries(services) as Record<Name, Service>;
}
