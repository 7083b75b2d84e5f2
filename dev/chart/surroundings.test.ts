import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { readers } from '../../schemas/readers.ts';
import { hasProgram, read, repositoryFiles } from '../compose/compose-file-under-test.ts';
import { services } from '../compose/services-under-test.ts';
import { byService, describeWithHelm, NAMESPACE, ofKind, RELEASE, refusal, render } from './helm-under-test.ts';

const EVERYTHING = 'everything-values.yaml';
const rulesFile = parse(read('ops/prometheus/rules.yml')) as {
  groups: { name: string; rules: { record?: string; expr: string }[] }[];
};
const hasPromtool = hasProgram('promtool', ['--version'], "the chart's rules");
const names = Object.keys(services).sort();

interface Trigger {
  readonly type: string;
  readonly metricType: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly authenticationRef?: object;
}

interface Path {
  readonly path: string;
  readonly pathType: string;
  readonly backend: { readonly service: { readonly name: string; readonly port: { readonly number: number } } };
}

describeWithHelm('KEDA', () => {
  const ofSet = (set: string) => byService(render(set), 'ScaledObject');

  test('scales those who read the log, by how late they are in seconds', () => {
    const recorded = rulesFile.groups.flatMap(({ rules }) => rules.map(({ record }) => record));
    const groups = new Set<string>(readers.map(({ group }) => group));
    const scaled = ofSet(EVERYTHING);
    expect(Object.keys(scaled).sort()).toEqual(['aggregator', 'processor', 'snapshots']);
    const triggers = Object.values(scaled).flatMap(({ spec }): Trigger[] => spec.triggers);
    for (const { type, metricType, metadata, authenticationRef } of triggers) {
      const [, metric, group = ''] = /^max\(([\w:]+)\{group="([\w-]+)"\}\)$/.exec(metadata.query ?? '') ?? [];
      expect(recorded).toContain(metric);
      expect(metric).toMatch(/_seconds$/);
      expect(groups.delete(group), group).toBe(true);
      // A query that is not answered must not be taken for no lag.
      expect([type, metricType, metadata.ignoreNullValues]).toEqual(['prometheus', 'AverageValue', 'false']);
      expect(Number(metadata.threshold)).toBeGreaterThan(0);
      expect([authenticationRef, metadata.authModes]).toEqual([
        { name: 'prometheus', kind: 'ClusterTriggerAuthentication' },
        'bearer',
      ]);
    }
    expect([...groups]).toEqual([]);
  });

  test.skipIf(!hasPromtool)('asks what Prometheus understands', () => {
    const triggers = Object.values(ofSet(EVERYTHING)).flatMap(({ spec }): Trigger[] => spec.triggers);
    const rules = triggers.map(({ metadata: { query }, name }) => ({ record: name.replaceAll('-', '_'), expr: query }));
    expect(checkRules({ groups: [{ name: 'asked', rules }] })).toContain('SUCCESS: 4 rules found');
  });

  test('has never none, and never more than there are partitions', () => {
    const bounds = (set: string, name: string) => {
      const { minReplicaCount, maxReplicaCount } = ofSet(set)[name]?.spec ?? {};
      return [minReplicaCount, maxReplicaCount];
    };
    expect(bounds(EVERYTHING, 'processor')).toEqual([1, 24]);
    expect(bounds(EVERYTHING, 'aggregator')).toEqual([1, 3]);
    expect(bounds('cloud-values.yaml', 'processor')).toEqual([1, 6]);
  });

  test('lets a rebalance be over before the next, and is slower to take away than to give', () => {
    for (const { spec } of Object.values(ofSet(EVERYTHING))) {
      const { scaleUp, scaleDown } = spec.advanced.horizontalPodAutoscalerConfig.behavior;
      const rebalanceMs = Number(
        /REBALANCE_TIMEOUT_MS = ([\d_]+)/.exec(read('ports/log/kafka/member.ts'))?.[1]?.replaceAll('_', ''),
      );
      expect(scaleUp.policies[0].periodSeconds * 1_000).toBeGreaterThan(rebalanceMs);
      expect(scaleDown.stabilizationWindowSeconds).toBeGreaterThan(scaleUp.stabilizationWindowSeconds);
      expect(scaleDown.policies).toEqual([{ type: 'Pods', value: 1, periodSeconds: 300 }]);
    }
  });

  test('alone says how many there are; without it the values do', () => {
    const replicas = (set: string) =>
      Object.entries(byService(render(set), 'Deployment')).map(([name, { spec }]) => `${name} ${spec.replicas}`);
    expect(replicas('').sort()).toEqual(['aggregator 1', 'console 1', 'ingest 2', 'processor 1', 'snapshots 1']);
    expect(ofSet('')).toEqual({});
    expect(replicas('cloud-values.yaml').sort()).toEqual([
      'aggregator 1',
      'console 1',
      'ingest 2',
      'processor undefined',
      'snapshots undefined',
    ]);
  });
});

describeWithHelm('the Ingress', () => {
  test('sends each path where the Caddyfile does, and keeps probes and metrics inside', () => {
    const [ingress] = ofKind(render(EVERYTHING), 'Ingress');
    const paths: readonly Path[] = ingress?.spec.rules[0].http.paths;
    const caddyfile = read('ops/caddy/Caddyfile');
    const inCaddy = (matcher: string) => new RegExp(`@${matcher} path (.+)`).exec(caddyfile)?.[1]?.split(' ').sort();
    const led = (service: string) =>
      paths
        .filter(({ backend }) => backend.service.name === `cameras-${service}`)
        .map(({ path, pathType }) => (pathType === 'Exact' ? path : `${path}*`))
        .sort();
    expect(led('ingest')).toEqual(inCaddy('devices'));
    expect(led('nobody')).toEqual(inCaddy('inside'));
    expect(led('console')).toEqual(['/*']);
    for (const { backend } of paths.filter(({ backend }) => !backend.service.name.endsWith('-nobody'))) {
      const name = backend.service.name.replace('cameras-', '');
      expect(backend.service.port.number).toBe(services[name]?.settings.PORT?.default);
    }
    expect(ingress?.spec).toMatchObject({
      ingressClassName: 'nginx',
      tls: [{ hosts: ['cameras.example.org'], secretName: 'cameras-tls' }],
    });
  });
});

describeWithHelm('NetworkPolicies', () => {
  test('let in whom they name, and nobody where they name nobody', () => {
    const policies = byService(render(EVERYTHING), 'NetworkPolicy');
    expect(Object.keys(policies).sort()).toEqual(names);
    const from = (name: string) =>
      policies[name]?.spec.ingress[0].from.map(
        (one: { namespaceSelector: { matchLabels: object } }) => Object.values(one.namespaceSelector.matchLabels)[0],
      );
    expect(Object.fromEntries(names.map((name) => [name, from(name)]))).toEqual({
      aggregator: ['monitoring'],
      console: ['ingress', 'monitoring'],
      ingest: ['ingress', 'monitoring'],
      processor: ['monitoring'],
      snapshots: ['monitoring'],
    });
    const closed = Object.values(byService(render('cloud-values.yaml'), 'NetworkPolicy'));
    expect(closed.map(({ spec }) => [spec.ingress, spec.policyTypes])).toEqual(names.map(() => [[], ['Ingress']]));
  });
});

describeWithHelm('what watches', () => {
  test('calls jobs what the rules call them', () => {
    const [monitor] = ofKind(render(EVERYTHING), 'PodMonitor');
    expect(monitor?.spec.jobLabel).toBe('app.kubernetes.io/component');
    const text = read('ops/prometheus/rules.yml') + read('grafana/pipeline.ts');
    const jobs = [...text.matchAll(/job(?:=~|!=|=)"([^"]+)"/g)].flatMap(([, list = '']) => list.split('|'));
    expect([...new Set(jobs)].sort()).toEqual(names);
    const { scrape_interval } = parse(read('ops/prometheus/prometheus.yml')).global;
    expect(monitor?.spec.podMetricsEndpoints).toEqual([{ port: 'http', path: '/metrics', interval: scrape_interval }]);
  });

  test('has the rules of ops/prometheus/rules.yml, with commands and links of here', () => {
    const [rule] = ofKind(render(EVERYTHING), 'PrometheusRule');
    const rendered = stringify(rule?.spec, { lineWidth: 0 });
    const back = rendered
      .replaceAll(`up{namespace="${NAMESPACE}", `, 'up{')
      .replaceAll(
        `kubectl -n ${NAMESPACE} logs -l app.kubernetes.io/instance=${RELEASE},app.kubernetes.io/component=`,
        'LOGS ',
      )
      .replaceAll(`kubectl -n ${NAMESPACE} logs -l app.kubernetes.io/instance=${RELEASE}`, 'LOGS')
      .replace(`kubectl -n ${NAMESPACE} scale deployment/cameras-NAME --replicas=3`, 'up -d --scale NAME=3')
      .replace(`kubectl -n ${NAMESPACE} scale deployment/cameras-processor --replicas=1`, 'up -d processor')
      .replaceAll('https://wiki.example.org/RUNBOOK.md', 'ops/RUNBOOK.md');
    const compose = 'docker compose --env-file .env.production ';
    const ours = stringify(rulesFile, { lineWidth: 0 }).replaceAll(`${compose}logs`, 'LOGS').replaceAll(compose, '');
    expect(parse(back)).toEqual(parse(ours));
    expect(rendered).not.toContain('docker');
    const [bare] = ofKind(render('', ['--set', 'monitoring.prometheusRule.enabled=true']), 'PrometheusRule');
    expect(JSON.stringify(bare?.spec)).toContain('"ops/RUNBOOK.md#down"');
  });

  test.skipIf(!hasPromtool)('has rules that Prometheus accepts', () => {
    const [rule] = ofKind(render(EVERYTHING), 'PrometheusRule');
    expect(checkRules(rule?.spec)).toContain('SUCCESS');
  });

  test('has the dashboards as they are', () => {
    const maps = ofKind(render(EVERYTHING), 'ConfigMap');
    const files = repositoryFiles.filter((file) => file.startsWith('grafana/dashboards/'));
    const told = maps.flatMap(({ data }) => Object.entries(data as Record<string, string>));
    expect(told.map(([name]) => `grafana/dashboards/${name}`).sort()).toEqual(files.sort());
    for (const [name, text] of told) expect(text.trim()).toBe(read(`grafana/dashboards/${name}`).trim());
    expect(maps.map(({ metadata }) => metadata.labels.grafana_dashboard)).toEqual(maps.map(() => '1'));
  });
});

describeWithHelm('values that cannot be', () => {
  test.each([
    ['a name that there is not', ['ingres.enabled=true'], "additional properties 'ingres' not allowed"],
    ['a misspelt setting', ['settings.PROCESOR_BATCH=5'], "additional properties 'PROCESOR_BATCH' not allowed"],
    [
      'a setting out of bounds',
      ['settings.PROCESSOR_BATCH=5000'],
      "'/settings/PROCESSOR_BATCH': maximum: got 5,000, want 1,000",
    ],
    ['a word for a number', ['ingest.replicas=two'], "'/ingest/replicas': got string, want integer"],
    ['another word than there are', ['settings.PROCESSOR_FLOOD=halt'], "value must be one of 'stop', 'pass'"],
    ['no broker', ['kafka.brokers='], "'/kafka/brokers': '' does not match pattern"],
    ['a password in an address', ['registry.url=http://a:b@c'], "'/registry/url'"],
    ['an Ingress for no name', ['ingress.enabled=true', 'trustProxy=10.0.0.0/8'], "'/ingress/host': minLength"],
    ['an Ingress that nobody believes', ['ingress.enabled=true', 'ingress.host=a.example'], 'needs trustProxy'],
    [
      'more than there are partitions',
      ['processor.replicas=13'],
      'processor.replicas: of more than kafka.partitions (12)',
    ],
    ['more scaled than that', ['keda.processor.maxReplicas=13'], 'keda.processor.maxReplicas: of more than'],
    ['a least above the most', ['keda.aggregator.minReplicas=4'], 'keda.aggregator.minReplicas: is more'],
    ['none at the least', ['keda.processor.minReplicas=0'], "'/keda/processor/minReplicas': minimum"],
    ['a name without its password', ['kafka.sasl.username=me'], 'needs secrets.kafka.name'],
    ['two registries', ['registry.url=http://a', 'secrets.registry.name=b'], 'give it once'],
    [
      'lag within a cycle',
      ['keda.enabled=true', 'settings.PROCESSOR_CYCLE_S=60'],
      'is not more than settings.PROCESSOR_CYCLE_S (60)',
    ],
  ])('are refused with words: %s', (_, settings, words) => {
    expect(refusal(...settings)).toContain(words);
  });

  test('and those that can be are not', () => {
    expect(refusal('processor.replicas=12', 'settings.PROCESSOR_BATCH=1000', 'settings.PROCESSOR_FLOOD=pass')).toBe('');
  });
});

function checkRules(rules: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'passerby-rules-'));
  try {
    writeFileSync(join(folder, 'rules.yml'), stringify(rules));
    return execFileSync('promtool', ['check', 'rules', join(folder, 'rules.yml')], { encoding: 'utf8', stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
