import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { findFreePorts } from '../../ports/free-ports.ts';
import { createServerProcess } from '../stack/server-process.ts';
import { shortenDuration, shortenRoute, shortenRules } from './shorten.ts';

const OPS = fileURLToPath(new URL('../../ops', import.meta.url));
/** As Debian names them. */
const PROMETHEUS = 'prometheus';
const ALERTMANAGER = 'prometheus-alertmanager';
/** However short times become: to be asked more often, services would do little else. */
const ASKED_EVERY_MIN_MS = 1_000;

interface PrometheusConfig {
  readonly global: { readonly scrape_interval: string; readonly evaluation_interval: string };
  readonly scrape_configs: readonly { readonly job_name: string }[];
}
interface AlertmanagerConfig {
  readonly route: { readonly receiver: string };
}

export interface Watchers {
  /** Of Prometheus. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * A real Prometheus with the shipped configuration and rules, which asks these services; and a real Alertmanager with the
 * shipped routes, whose receiver is given an address. Times may be shorter by a factor.
 */
export async function startWatchers({
  folder,
  services,
  webhookUrl,
  factor = 1,
  onDeath,
}: {
  readonly folder: string;
  /** Where each job of the configuration is; jobs that are not here are left out. */
  readonly services: Readonly<Record<string, { readonly url: string }>>;
  readonly webhookUrl: string;
  readonly factor?: number;
  readonly onDeath: (why: string) => void;
}): Promise<Watchers> {
  const [prometheusPort = 0, alertmanagerPort = 0] = await findFreePorts(2);
  const alertmanager = createServerProcess({
    name: 'Alertmanager',
    folder: join(folder, 'alertmanager'),
    command: () => [ALERTMANAGER, alertmanagerArguments(join(folder, 'alertmanager'), alertmanagerPort)],
    isUp: () => isReady(alertmanagerPort),
    onDeath,
  });
  const prometheus = createServerProcess({
    name: 'Prometheus',
    folder: join(folder, 'prometheus'),
    command: () => [PROMETHEUS, prometheusArguments(join(folder, 'prometheus'), prometheusPort)],
    isUp: () => isReady(prometheusPort),
    onDeath,
  });
  const given = { factor, services, webhookUrl, alertmanagerPort };
  writeFileSync(join(folder, 'alertmanager', 'alertmanager.yml'), alertmanagerConfig(given));
  writeFileSync(join(folder, 'prometheus', 'prometheus.yml'), prometheusConfig(given));
  writeFileSync(join(folder, 'prometheus', 'rules.yml'), shortenRules(shipped('prometheus/rules.yml'), factor));
  const stop = async () => void (await Promise.all([prometheus.stop(), alertmanager.stop()]));
  try {
    await alertmanager.start();
    await prometheus.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${prometheusPort}`, stop };
}

interface Given {
  readonly factor: number;
  readonly services: Readonly<Record<string, { readonly url: string }>>;
  readonly webhookUrl: string;
  readonly alertmanagerPort: number;
}

/** The shipped one, with services where they are here. */
function prometheusConfig({ factor, services, alertmanagerPort }: Given): string {
  const { global, scrape_configs, ...rest } = parse(shipped('prometheus/prometheus.yml')) as PrometheusConfig;
  const every = (interval: string) => {
    const [, ms = ''] = /^(\d+)ms$/.exec(shortenDuration(interval, factor)) ?? [];
    return ms === '' ? interval : `${Math.max(ASKED_EVERY_MIN_MS, Number(ms))}ms`;
  };
  return stringify({
    ...rest,
    global: {
      scrape_interval: every(global.scrape_interval),
      evaluation_interval: every(global.evaluation_interval),
    },
    alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanagerPort}`] }] }] },
    scrape_configs: scrape_configs.flatMap(({ job_name }) => {
      const service = services[job_name];
      return service ? [{ job_name, static_configs: [{ targets: [new URL(service.url).host] }] }] : [];
    }),
  });
}

function prometheusArguments(folder: string, port: number): string[] {
  return [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ];
}

function alertmanagerConfig({ factor, webhookUrl }: Given): string {
  const { route, ...rest } = parse(shipped('alertmanager/alertmanager.yml')) as AlertmanagerConfig;
  return stringify({
    ...rest,
    route: shortenRoute(route, factor),
    receivers: [{ name: route.receiver, webhook_configs: [{ url: webhookUrl, send_resolved: true }] }],
  });
}

function alertmanagerArguments(folder: string, port: number): string[] {
  return [
    `--config.file=${join(folder, 'alertmanager.yml')}`,
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    // It is alone.
    '--cluster.listen-address=',
    '--log.level=warn',
  ];
}

async function isReady(port: number): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
}

function shipped(path: string): string {
  return readFileSync(join(OPS, path), 'utf8');
}
