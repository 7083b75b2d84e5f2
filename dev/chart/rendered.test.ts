import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TProperties, Type } from 'typebox';
import { expect, test } from 'vitest';
import { readConfig } from '../../http/read-config.ts';
import { compose, isThere, read } from '../compose/compose-file-under-test.ts';
import { services } from '../compose/services-under-test.ts';
import {
  byService,
  CHART,
  describeWithHelm,
  lint,
  type Manifest,
  ofKind,
  render,
  runHelm,
  valueSets,
} from './helm-under-test.ts';
import { createStrictCheck } from './strict-schemas-under-test.ts';
import { type Setting, settings, settingsOf } from './values-under-test.ts';

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
}
const SECRET = /PASSWORD|SECRET|TOKEN|KEY|DATABASE_URL/;
const names = Object.keys(services).sort();
const environmentOf = (deployment: Manifest | undefined): readonly Variable[] =>
  deployment?.spec.template.spec.containers[0].env ?? [];

describeWithHelm('the chart, whatever the values', () => {
  const strictly = createStrictCheck();

  test.each(valueSets)('passes helm lint, and is what Kubernetes and the operators know: %s', (set) => {
    expect(lint(set)).toContain('0 chart(s) failed');
    const manifests = render(set);
    expect(manifests.length).toBeGreaterThan(7);
    expect(manifests.flatMap(strictly)).toEqual([]);
    const twice = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(twice).toEqual([...new Set(twice)]);
  });

  test('would be refused with a word misspelt, or of another type', () => {
    const [deployment] = ofKind(render(), 'Deployment');
    const spoilt = structuredClone(deployment as Manifest);
    const [container] = spoilt.spec.template.spec.containers;
    container.livenessProb = container.livenessProbe;
    container.ports[0].containerPort = '8080';
    delete spoilt.spec.selector;
    expect(strictly(spoilt).map((fault) => fault.replace(/^.*? .*?\//, ''))).toEqual([
      'spec must have required property \'selector\' {"missingProperty":"selector"}',
      'spec/template/spec/containers/0 must NOT have additional properties {"additionalProperty":"livenessProb"}',
      'spec/template/spec/containers/0/ports/0/containerPort must be integer {"type":"integer"}',
    ]);
    const [scaled] = ofKind(render('cloud-values.yaml'), 'ScaledObject');
    const { triggers, ...spec } = scaled?.spec ?? {};
    expect(strictly({ ...(scaled as Manifest), spec: { ...spec, trigger: triggers } })).toHaveLength(2);
  });

  test.each(valueSets)('puts nothing secret anywhere but by the name of a Secret: %s', (set) => {
    const manifests = render(set);
    expect(ofKind(manifests, 'Secret')).toEqual([]);
    for (const deployment of ofKind(manifests, 'Deployment')) {
      const plain = environmentOf(deployment).filter(({ name, value }) => SECRET.test(name) && value !== undefined);
      expect(plain).toEqual([]);
    }
    const maps = ofKind(manifests, 'ConfigMap');
    expect(maps.map(({ metadata }) => metadata.name).filter((name) => !name.includes('-dashboard-'))).toEqual([]);
  });

  test.each(valueSets)('points at nothing that is not there: %s', (set) => {
    const manifests = render(set);
    const pods = byService(manifests, 'Deployment');
    const labelsOf = (name: string): object => pods[name]?.spec.template.metadata.labels;
    const found = (wanted: object) =>
      names.filter((name) => expect.objectContaining(wanted).asymmetricMatch(labelsOf(name)));
    for (const name of names) expect(found(pods[name]?.spec.selector.matchLabels), name).toEqual([name]);
    for (const kind of ['Service', 'PodDisruptionBudget', 'NetworkPolicy']) {
      for (const [name, { spec, metadata }] of Object.entries(byService(manifests, kind))) {
        const { matchLabels } = spec.podSelector ?? { matchLabels: spec.selector?.matchLabels ?? spec.selector };
        if (metadata.name.endsWith('-nobody')) expect(spec.selector).toBeUndefined();
        else expect(found(matchLabels), `${kind} ${name}`).toEqual([name]);
      }
    }
    for (const { spec } of ofKind(manifests, 'PodMonitor')) expect(found(spec.selector.matchLabels)).toEqual(names);
    for (const [name, { spec }] of Object.entries(byService(manifests, 'ScaledObject'))) {
      expect(spec.scaleTargetRef.name).toBe(pods[name]?.metadata.name);
    }
    const account = pods.ingest?.spec.template.spec.serviceAccountName;
    expect(ofKind(manifests, 'ServiceAccount').map(({ metadata }) => metadata.name)).toEqual([account]);
  });

  test('is the same when it is packed, with the rules and dashboards in it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'passerby-chart-'));
    try {
      runHelm('package', CHART, '--destination', folder);
      const { version } = JSON.parse(read('package.json'));
      const packed = join(folder, `passerby-${version}.tgz`);
      expect(
        render('', ['--set', 'monitoring.dashboards.enabled=true,monitoring.prometheusRule.enabled=true'], packed),
      ).toEqual(render('', ['--set', 'monitoring.dashboards.enabled=true,monitoring.prometheusRule.enabled=true']));
      const inside = execFileSync('tar', ['-tf', packed], { encoding: 'utf8' });
      expect(inside).toContain('passerby/files/rules.yml\n');
      expect(inside).not.toContain('/ci/');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describeWithHelm("each service's environment", () => {
  test('is what docker-compose.yml gives it', () => {
    const deployments = byService(render('compose-values.yaml'), 'Deployment');
    expect(Object.keys(deployments).sort()).toEqual(names);
    for (const name of names) {
      const given = Object.entries(compose.services[name]?.environment ?? {}).map(([variable, value]) => [
        variable,
        inCompose(String(value)),
      ]);
      const ours = environmentOf(deployments[name]).map(({ name: variable, value }) => [variable, value ?? 'a secret']);
      expect(Object.fromEntries(ours), name).toEqual(Object.fromEntries(given.filter(([, value]) => value !== '')));
    }
  });

  test('has every setting that the service knows, as it was written, and no other', () => {
    // An address has to look like one, and a list as what it is of.
    const particular = {
      PUBLIC_URL: 'https://a.example',
      PUBLIC_S3_URL: 'https://b.example',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c.example',
      SNAPSHOT_TYPES: 'visit,tracking',
    };
    const examples = Object.entries(settings).map(([name, setting]) => [name, exampleOf(setting)]);
    const given: Record<string, unknown> = { ...Object.fromEntries(examples), ...particular };
    const deployments = byService(render('', ['--set-json', `settings=${JSON.stringify(given)}`]), 'Deployment');
    for (const name of names) {
      const ours = environmentOf(deployments[name]).filter((variable) => variable.name in settings);
      const wanted = settingsOf(name).map((setting) => [setting, String(given[setting])]);
      expect(Object.fromEntries(ours.map((variable) => [variable.name, variable.value])), name).toEqual(
        Object.fromEntries(wanted),
      );
    }
  });

  test.each(valueSets)('is one that the service would start with: %s', (set) => {
    for (const [name, deployment] of Object.entries(byService(render(set), 'Deployment'))) {
      const variables = environmentOf(deployment);
      const env = Object.fromEntries(
        variables.map((variable) => [variable.name, variable.value ?? inSecret(variable.name)]),
      );
      const schema = Type.Object(services[name]?.settings as TProperties);
      expect(() => readConfig(schema, env), name).not.toThrow();
      const twice = variables.map((variable) => variable.name);
      expect(twice, name).toEqual([...new Set(twice)]);
    }
  });

  test('signs in where it is to, by Secrets', () => {
    const { processor, console } = byService(render('everything-values.yaml'), 'Deployment');
    const secretsOf = (deployment: Manifest | undefined) =>
      environmentOf(deployment).flatMap(({ name, valueFrom }) =>
        valueFrom ? [`${name} ${valueFrom.secretKeyRef.name}/${valueFrom.secretKeyRef.key}`] : [],
      );
    expect(secretsOf(console).filter((secret) => !secretsOf(processor).includes(secret))).toEqual([
      'DATABASE_URL cluster-app/uri',
      'SERVER_SECRET passerby/SERVER_SECRET',
      'SERVER_SECRET_BEFORE before/SERVER_SECRET_BEFORE',
      'ADMIN_PASSWORD passerby/ADMIN_PASSWORD',
    ]);
    expect(secretsOf(processor)).toEqual([
      'KAFKA_SASL_PASSWORD kafka-user/password',
      'SCHEMA_REGISTRY_URL passerby/SCHEMA_REGISTRY_URL',
      'S3_ACCESS_KEY_ID passerby/S3_ACCESS_KEY_ID',
      'S3_SECRET_ACCESS_KEY passerby/S3_SECRET_ACCESS_KEY',
      'OTEL_EXPORTER_OTLP_HEADERS tempo/OTEL_EXPORTER_OTLP_HEADERS',
    ]);
    const plain = Object.fromEntries(environmentOf(processor).map(({ name, value }) => [name, value]));
    expect(plain).toMatchObject({ KAFKA_SSL: 'true', KAFKA_SASL_USERNAME: 'passerby', KAFKA_PARTITIONS: '24' });
    const inCloud = environmentOf(byService(render('cloud-values.yaml'), 'Deployment').processor);
    expect(inCloud.map(({ name }) => name).filter((name) => name.startsWith('S3_'))).toEqual([
      'S3_REGION',
      'S3_BUCKET',
    ]);
  });

  test('is of a command that there is', () => {
    for (const [name, { spec }] of Object.entries(byService(render(), 'Deployment'))) {
      const [container] = spec.template.spec.containers;
      expect(container.command).toEqual(compose.services[name]?.command);
      expect(isThere(container.command[1])).toBe(true);
      expect(container.image).toBe(compose.services[name]?.image);
      expect(container.ports[0].containerPort).toBe(services[name]?.settings.PORT?.default);
    }
    const imageIn = (set: string) =>
      byService(render(set), 'Deployment').ingest?.spec.template.spec.containers[0].image;
    expect(imageIn('everything-values.yaml')).toBe('passerby:0.1.0-mine');
    expect(imageIn('cloud-values.yaml')).toBe(`images/passerby@sha256:${'0'.repeat(64)}`);
  });

  test('is of an account that is there, or of the one that every namespace has', () => {
    const accountIn = (...settings: string[]) => {
      const more = settings.flatMap((setting) => ['--set', setting]);
      return byService(render('', more), 'Deployment').ingest?.spec.template.spec.serviceAccountName;
    };
    expect(accountIn()).toBe('here-passerby');
    expect(accountIn('serviceAccount.create=false')).toBe('default');
    expect(accountIn('serviceAccount.create=false', 'serviceAccount.name=mine')).toBe('mine');
  });

  test('has a name that Kubernetes takes, however long that of the release is', () => {
    const long = { nameOverride: 'n'.repeat(50), fullnameOverride: '' };
    for (const set of [long, { ...long, fullnameOverride: 'f'.repeat(60) }]) {
      const more = Object.entries(set).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
      const all = render('everything-values.yaml', more).map(({ metadata }) => metadata.name);
      expect(all.filter((name) => name.length > 63)).toEqual([]);
    }
  });
});

/** As large as it may be: large numbers are those that are easily spoilt. */
function exampleOf({ type, anyOf, maximum = 9e12 }: Setting): unknown {
  if (anyOf) return anyOf.at(-1)?.const;
  if (type === 'boolean') return true;
  if (type === 'string') return '/folder/file.onnx';
  return type === 'integer' ? maximum : 0.125;
}

/** What may stand in a Secret. */
function inSecret(variable: string): string {
  if (variable === 'DATABASE_URL') return 'postgres://somebody:word@host/database';
  return variable.endsWith('_URL') ? 'https://somebody:word@host' : 'a word that is as long as it ought to be';
}

/** As it is without an env file, but for the secrets in it. */
function inCompose(value: string): string {
  if (value.includes(':?')) return 'a secret';
  return value.replace(/\$\{\w+:-([^}]*)\}/, '$1');
}
