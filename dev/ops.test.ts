import { execFileSync } from 'node:child_process';
import { join } from 'node:path/posix';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { diskConfig } from '../console/disk-config.ts';
import { FULL_BYTES } from '../console/disk-state.ts';
import { readConfig } from '../http/read-config.ts';
import { type Topic, topics } from '../schemas/topics.ts';
import {
  compose,
  containers,
  hasProgram,
  isThere,
  ROOT,
  read,
  repositoryFiles,
} from './compose/compose-file-under-test.ts';
import { startFront } from './compose/front-under-test.ts';
import { metricsIn, unknownLabels, unknownMetrics, wrongLabels } from './compose/metrics-under-test.ts';
import { services } from './compose/services-under-test.ts';
import { createFaults } from './faults/faults.ts';

const hasPromtool = hasProgram('promtool', ['--version'], 'Prometheus configuration, rules and their tests');
const hasAmtool = hasProgram('amtool', ['--version'], 'Alertmanager configuration');
const hasCaddy = hasProgram('caddy', ['version'], 'the Caddyfile');

const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
const portOf = (name: string) => services[name]?.settings.PORT?.default;

interface Scrape {
  readonly job_name: string;
  readonly static_configs?: readonly { readonly targets: readonly string[] }[];
  readonly dns_sd_configs?: readonly { readonly names: readonly string[]; readonly port: number }[];
}
interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
interface Inhibit {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal?: readonly string[];
}
interface Recorded {
  readonly record: string;
  readonly expr: string;
}

const prometheus = parse(read('ops/prometheus/prometheus.yml')) as {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly Scrape[];
  readonly alerting: { readonly alertmanagers: readonly { readonly static_configs: Scrape['static_configs'] }[] };
};
const allRules = (
  parse(read('ops/prometheus/rules.yml')) as { groups: { rules: (Alert | Recorded)[] }[] }
).groups.flatMap((group) => group.rules);
const rules = allRules.filter((rule) => 'alert' in rule);
const recorded = allRules.filter((rule) => 'record' in rule).map(({ record }) => record);
/** Of seconds, and of hours. */
const ruleTests = ['ops/prometheus/rules.test.yml', 'ops/prometheus/rules-of-hours.test.yml'];
interface RuleTest {
  readonly input_series: readonly { readonly series: string }[];
  readonly alert_rule_test: readonly {
    readonly alertname: string;
    readonly exp_alerts: readonly { readonly exp_labels: object }[];
  }[];
}
const testsIn = (file: string) => (parse(read(file)) as { tests: readonly RuleTest[] }).tests;
/** What each alert is expected to be, at some time. */
const cases = ruleTests.flatMap(testsIn).flatMap(({ alert_rule_test }) => alert_rule_test);
const queries = allRules.map(({ expr }) => expr).join('\n');

describe('Prometheus', () => {
  test('scrapes each of our services where it listens, and of processors all', () => {
    const scraped = prometheus.scrape_configs.map(({ job_name, static_configs = [], dns_sd_configs = [] }) => [
      job_name,
      static_configs.flatMap(({ targets }) => targets),
      dns_sd_configs.flatMap(({ names, port }) => names.map((name) => `${name}:${port}`)),
    ]);
    expect(scraped.sort()).toEqual(
      Object.keys(services)
        .map((name) => [
          name,
          ...(name === 'processor' ? [[], [`${name}:${portOf(name)}`]] : [[`${name}:${portOf(name)}`], []]),
        ])
        .sort(),
    );
    const watched = Object.keys(services).filter((name) => !compose.services[name]?.networks.includes('watch'));
    expect(watched).toEqual([]);
  });

  test('finds its rules and its Alertmanager where docker-compose.yml has them', () => {
    const { volumes = [] } = compose.services.prometheus ?? {};
    expect(volumes).toContain(
      `./ops/prometheus/${prometheus.rule_files[0]}:/etc/prometheus/${prometheus.rule_files[0]}:ro`,
    );
    const [alertmanager] = prometheus.alerting.alertmanagers.flatMap(({ static_configs = [] }) =>
      static_configs.flatMap(({ targets }) => targets),
    );
    expect(compose.services.alertmanager?.healthcheck?.test.at(-1)).toBe(
      `http://${alertmanager?.replace('alertmanager', '127.0.0.1')}/-/ready`,
    );
  });

  test.skipIf(!hasPromtool)('accepts its configuration', () => {
    expect(run('promtool', 'check', 'config', 'ops/prometheus/prometheus.yml')).toContain('SUCCESS');
  });
});

describe('alert rules', () => {
  test('speak of metrics that there are', () => {
    expect(metricsIn(queries).length).toBeGreaterThan(2);
    expect(unknownMetrics(queries)).toEqual([]);
    expect(rules.filter(({ expr }) => !expr.includes('passerby:')).flatMap(({ expr }) => unknownLabels(expr))).toEqual(
      [],
    );
    const asked = [...new Set(queries.match(/\bpasserby:\w+(?::\w+)?/g))];
    expect(asked.sort()).toEqual([...recorded].sort());
  });

  test('say to people what is wrong, with figures, and how grave it is', () => {
    for (const { alert, labels, annotations } of rules) {
      expect(Object.keys(annotations), alert).toEqual(['summary', 'description', 'runbook_url']);
      expect(['critical', 'warning'], alert).toContain(labels.severity);
      expect(annotations.description, alert).toMatch(/\{\{ \$value|\b(two|\d+) minutes\b/);
      // Who reads it in the night knows no names of metrics.
      expect(annotations.summary, alert).not.toMatch(/passerby|_total|_seconds/);
    }
  });

  test('count as failings of ours what ingest answers 500 and above', () => {
    const sources = repositoryFiles
      .filter((file) => /^(ingest|http)\/.*\.ts$/.test(file) && !file.includes('test'))
      .map(read)
      .join('\n');
    const codes = [...sources.matchAll(/status: 5\d\d,\s+code: '([a-z-]+)'/g)].map(([, code]) => code);
    const counted = [...queries.matchAll(/passerby_ingest_refused_total\{code=~"([^"]+)"\}/g)].map(([, list]) => list);
    expect(new Set(counted).size).toBe(1);
    expect(counted[0]?.split('|').sort()).toEqual([...new Set(codes)].sort());
  });

  test('warn of disks where the console calls them low and full', () => {
    const { DISK_LOW_BYTES, DISK_LOW_SHARE } = readConfig(diskConfig, {});
    const numbersOf = (name: string) =>
      [...(rules.find(({ alert }) => alert === name)?.expr ?? '').matchAll(/< ([\d.]+)/g)].map(([, number]) =>
        Number(number),
      );
    expect(numbersOf('PasserbyDiskLow')).toEqual([DISK_LOW_BYTES, DISK_LOW_SHARE]);
    expect(numbersOf('PasserbyDiskFull')).toEqual([FULL_BYTES]);
  });

  test('take a topic for full whose records go before nine tenths of the time for which they are kept', () => {
    const { expr } = rules.find(({ alert }) => alert === 'PasserbyLagNearsRetention') ?? {};
    const asked = [...(expr ?? '').matchAll(/\{topic(=|!=)"observations"\} offset (\d+)h/g)];
    expect(Object.fromEntries(asked.map(([, sign, hours]) => [sign, Number(hours)]))).toEqual({
      '=': Math.floor((topics.observations.retentionMs * 0.9) / 3_600_000),
      '!=': Math.floor((topics.frames.retentionMs * 0.9) / 3_600_000),
    });
    const capped = Object.entries<Topic>(topics).filter(([, { retentionBytes }]) => retentionBytes !== undefined);
    expect(capped.map(([name]) => name)).toEqual(['frames', 'backlog', 'observations']);
    expect(topics.backlog.retentionMs).toBe(topics.frames.retentionMs);
  });

  test('are tested with series as services tell them', () => {
    const made = ruleTests.flatMap(testsIn).flatMap(({ input_series }) => input_series.map(({ series }) => series));
    const ours = made.filter((series) => series.startsWith('passerby_'));
    expect(ours.length).toBeGreaterThan(30);
    for (const series of ours) expect(wrongLabels(series), series).toEqual([]);
  });

  test('are each tested, both ways', () => {
    for (const { alert } of rules) {
      const fires = cases.filter(({ alertname }) => alertname === alert).map(({ exp_alerts }) => exp_alerts.length > 0);
      expect(new Set(fires), alert).toEqual(new Set([true, false]));
    }
  });

  test.skipIf(!hasPromtool)('fire when they should, and only then', { timeout: 120_000 }, () => {
    expect(run('promtool', 'test', 'rules', ...ruleTests).match(/SUCCESS/g)).toHaveLength(ruleTests.length);
  });
});

describe('what was recorded of real faults', () => {
  const faults = Object.keys(createFaults());
  const files = repositoryFiles.filter((file) => file.startsWith('ops/prometheus/recorded/'));

  test('is there of each that can be made, and is looked at by the rules as they are now', () => {
    expect(files.sort()).toEqual(faults.map((name) => `ops/prometheus/recorded/${name}.yml`).sort());
    for (const file of files) {
      const { rule_files } = parse(read(file)) as { rule_files: readonly string[] };
      expect(rule_files.map((path) => join('ops/prometheus/recorded', path))).toEqual(['ops/prometheus/rules.yml']);
    }
  });

  test.skipIf(!hasPromtool)('comes to the alerts that it has to come to, and to no other', { timeout: 120_000 }, () => {
    expect(run('promtool', 'test', 'rules', ...files).match(/SUCCESS/g)).toHaveLength(files.length);
  });
});

describe('the runbook', () => {
  const runbook = read('ops/RUNBOOK.md');

  test('says of each alert what it means, where the alert says that it does, and of no other', () => {
    const [, entries = ''] = /^## What alerts mean$(.*)/ms.exec(runbook) ?? [];
    const told = [...entries.matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading);
    expect(told).toEqual(rules.map(({ alert }) => subjectOf(alert)));
    for (const { alert, annotations } of rules) {
      expect(annotations.runbook_url).toBe(`ops/RUNBOOK.md#${anchorOf(subjectOf(alert))}`);
    }
  });

  test('asks what can be asked', () => {
    const { paths } = JSON.parse(read('schemas/openapi.json')) as { paths: Record<string, Record<string, object>> };
    const known = Object.keys(paths).map((path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`));
    const asked = [...runbook.matchAll(/\$at(\/[^\s"?`]+)/g)].map(([, path = '']) => path);
    expect(asked.length).toBeGreaterThan(8);
    expect(asked.filter((path) => path !== '/readyz' && !known.some((route) => route.test(path)))).toEqual([]);
  });

  test('names problems that there are', () => {
    const [, ofCameras = ''] = /^## Is a camera well\?$(.*?)^## /ms.exec(runbook) ?? [];
    const codes = [...ofCameras.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|/gm)].flatMap(([, row = '']) =>
      row.match(/[a-z-]+/g),
    );
    const sources = repositoryFiles
      .filter((file) => /^(ingest|http)\/.*\.ts$/.test(file) && !file.includes('test'))
      .map(read)
      .join('\n');
    expect(codes.length).toBeGreaterThan(8);
    expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
  });

  test('goes on once npm start has stopped, and not while it still writes', () => {
    const stops = runbook.match(/^.*kill -TERM.*$/gm) ?? [];
    expect(stops.length).toBeGreaterThan(2);
    expect(stops.filter((line) => !line.includes('kill -TERM "$pid"; while kill -0 "$pid"'))).toEqual([]);
  });

  test('leads to places that there are', () => {
    const anchors = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
    const links = [...runbook.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
    const files = [...runbook.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, file = '']) => join('ops', file));
    expect(files.length).toBeGreaterThan(3);
    expect(files.filter((file) => !isThere(file))).toEqual([]);
  });
});

/** `PasserbyDiskFull` is of `Disk full`. */
function subjectOf(alert: string): string {
  const [first = '', ...rest] = alert.replace(/^Passerby/, '').split(/(?=[A-Z])/);
  return [first, ...rest.map((word) => word.toLowerCase())].join(' ');
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}

describe('Alertmanager', () => {
  test('holds back alerts that there are, for others that there are, by labels that both have', () => {
    const { inhibit_rules } = parse(read('ops/alertmanager/alertmanager.yml')) as { inhibit_rules: readonly Inhibit[] };
    const labelsOf = (name: string) =>
      cases
        .filter(({ alertname }) => alertname === name)
        .flatMap(({ exp_alerts }) => exp_alerts.map((one) => one.exp_labels));
    expect(inhibit_rules.length).toBeGreaterThan(3);
    for (const { source_matchers, target_matchers, equal = [] } of inhibit_rules) {
      for (const matchers of [source_matchers, target_matchers]) {
        const names = String(matchers).match(/Passerby\w+/g) ?? [];
        expect(names.length).toBeGreaterThan(0);
        for (const name of names) {
          expect(labelsOf(name).length, name).toBeGreaterThan(0);
          for (const labels of labelsOf(name))
            expect(Object.keys(labels), name).toEqual(expect.arrayContaining([...equal]));
        }
      }
    }
  });

  test.skipIf(!hasAmtool)('accepts its configuration', () => {
    expect(run('amtool', 'check-config', 'ops/alertmanager/alertmanager.yml')).toContain('SUCCESS');
  });
});

describe('the front', () => {
  const caddyfile = read('ops/caddy/Caddyfile');

  test('leads to services where they listen', () => {
    const upstreams = [...caddyfile.matchAll(/reverse_proxy (\S+)/g)].map(([, upstream]) => upstream);
    const grafana = compose.services.grafana?.healthcheck?.test.at(-1)?.match(/:(\d+)\/grafana\//)?.[1];
    expect(upstreams).toEqual([`ingest:${portOf('ingest')}`, `grafana:${grafana}`, `console:${portOf('console')}`]);
    const unseen = upstreams.filter((upstream = '') => {
      const name = upstream.split(':')[0] ?? '';
      return !compose.services[name]?.networks.some((network) => compose.services.front?.networks.includes(network));
    });
    expect(unseen).toEqual([]);
  });

  test('listens where docker-compose.yml publishes and asks', () => {
    const published = compose.services.front?.ports?.[0]?.match(/:(\d+)$/)?.[1];
    expect(caddyfile).toContain(`https_port ${published}\n`);
    expect(compose.services.front?.healthcheck?.test.at(-1)).toBe('http://127.0.0.1:2080/health');
    expect(caddyfile).toMatch(/^http:\/\/:2080 \{\n\trespond \/health 200$/m);
  });

  test.skipIf(!hasCaddy)('has a Caddyfile that Caddy accepts', () => {
    expect(() => run('caddy', 'validate', '--adapter', 'caddyfile', '--config', 'ops/caddy/Caddyfile')).not.toThrow();
  });

  test.skipIf(!hasCaddy)('sends each request where it belongs, and keeps probes and metrics inside', async () => {
    const front = await startFront(caddyfile, ['ingest', 'grafana', 'console']);
    try {
      const answers = await Promise.all(
        [
          ...['/upload?device=a', '/devices/activate', '/devices/upload-url', '/devices/objects/devices/a/1.jpg?x=1'],
          ...['/devices/ingest', '/api/v1/ingest/frame', '/api/v1/time'],
          ...['/', '/api/events', '/uploads', '/devices', '/devices/pair', '/devices/a/token/rotate', '/auth/login'],
          ...['/grafana/d/x', '/livez', '/readyz', '/metrics'],
        ].map(async (path) => `${path} → ${await front.ask(path)}`),
      );
      expect(answers).toEqual([
        '/upload?device=a → ingest',
        '/devices/activate → ingest',
        '/devices/upload-url → ingest',
        '/devices/objects/devices/a/1.jpg?x=1 → ingest',
        '/devices/ingest → ingest',
        '/api/v1/ingest/frame → ingest',
        '/api/v1/time → ingest',
        '/ → console',
        '/api/events → console',
        '/uploads → console',
        '/devices → console',
        '/devices/pair → console',
        '/devices/a/token/rotate → console',
        '/auth/login → console',
        '/grafana/d/x → grafana',
        '/livez → 404',
        '/readyz → 404',
        '/metrics → 404',
      ]);
      // What TRUST_PROXY rests on: the front's own word, in place of the caller's.
      const lies = { 'x-forwarded-for': '127.0.0.1, 10.0.0.1', 'x-forwarded-proto': 'https' };
      for (const path of ['/upload', '/auth/login']) {
        expect(await front.forwards(path, lies)).toEqual({ from: '127.0.0.1', by: 'http' });
      }
    } finally {
      await front.stop();
    }
  });

  test('knows the variables it is given', () => {
    const used = [...caddyfile.matchAll(/\{\$(\w+)(?::[^}]*)?\}/g)].map(([, name]) => name);
    expect(used).toEqual(Object.keys(compose.services.front?.environment ?? {}));
    expect(containers.map(([name]) => name)).toContain('front');
  });
});
