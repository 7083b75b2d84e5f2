import { createServer, type Server } from 'node:net';

async function listen(probe: Server, port: number): Promise<void> {
  await new Promise<void>((settle, fail) => probe.once('error', fail).listen(port, '127.0.0.1', settle));
}

async function close(probe: Server): Promise<void> {
  await new Promise((settle) => probe.close(settle));
}

/** Ports of 127.0.0.1 that nobody listens on. All are held until all are found, so that they differ. */
export async function findFreePorts(count: number): Promise<readonly number[]> {
  const probes = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    probes.map(async (probe) => {
      await listen(probe, 0);
      const address = probe.address();
      if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
      return address.port;
    }),
  );
  await Promise.all(probes.map(close));
  return ports;
}

export async function findFreePort(): Promise<number> {
  const [port = 0] = await findFreePorts(1);
  return port;
}

export async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    await listen(probe, port);
  } catch {
    return false;
  }
  await close(probe);
  return true;
}
