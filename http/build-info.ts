import { readFileSync } from 'node:fs';
import { Gauge, type Registry } from 'prom-client';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** Which release a process is of: by it a start can be told from a deployment. */
export function registerBuildInfo(registry: Registry): void {
  const info = new Gauge({
    name: 'passerby_build_info',
    help: 'Always 1: the release of this process, and the Node it runs on.',
    labelNames: ['version', 'node'],
    registers: [registry],
  });
  info.set({ version, node: process.versions.node }, 1);
}
