import { createServer } from 'node:net';

/** Ports of 127.0.0.1 that nobody listens on. All are held until all are found, so that they differ. */
export async function findFreePorts(count: number): Promise<readonly number[]> {
  const probes = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    probes.map(async (probe) => {
      await new Promise<void>((settle, fail) => probe.once('error', fail).listen(0, '127.0.0.1', settle));
      const address = probe.address();
      if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
      return address.port;
    }),
  );
  await Promise.all(probes.map((probe) => new Promise((settle) => probe.close(settle))));
  return ports;
}

export async function findFreePort(): Promise<number> {
  const [port = 0] = await findFreePorts(1);
  return port;
}
