import { expect, test } from 'vitest';
import { compose, read } from '../compose/compose-file-under-test.ts';
import { services } from '../compose/services-under-test.ts';
import { byService, describeWithHelm, render } from './helm-under-test.ts';

const MEBIBYTES: Readonly<Record<string, number>> = { m: 1, Mi: 1, g: 1_024, Gi: 1_024 };
const mebibytes = (text: string) => Number.parseInt(text, 10) * (MEBIBYTES[text.replace(/^\d+/, '')] ?? Number.NaN);
const names = Object.keys(services).sort();
/** What probes, stops and bounds of every pod are. */
describeWithHelm('a pod of the chart', () => {
  const manifests = render();
  const deployments = byService(manifests, 'Deployment');
  const podOf = (name: string) => deployments[name]?.spec.template.spec;

  test('is alive by itself, and ready by those it needs', () => {
    expect(Object.keys(deployments).sort()).toEqual(names);
    for (const name of names) {
      const { startupProbe, livenessProbe, readinessProbe } = podOf(name).containers[0];
      const asks = (path: string) => ({ httpGet: { path, port: 'http' } });
      expect(startupProbe, name).toMatchObject(asks('/livez'));
      expect(livenessProbe, name).toMatchObject(asks('/livez'));
      expect(readinessProbe, name).toMatchObject(asks('/readyz'));
      // The slowest check of a service is given up before the probe is.
      const checkMaxMs = Number(/checkMaxMs = ([\d_]+)/.exec(read('http/health.ts'))?.[1]?.replaceAll('_', ''));
      expect(readinessProbe.timeoutSeconds * 1_000, name).toBeGreaterThan(checkMaxMs);
    }
    // Asked for by nothing but its own process.
    expect(read('http/health.ts')).toMatch(
      /app\.get\('\/livez', \(_request, reply\) => .*send\(\{ status: 'ok' \}\)\)/,
    );
  });

  test('may start for as long as it waits for its servers; the aggregator for as long as tables take', () => {
    const waitS =
      Number(/WITHIN_MS = ([\d_]+)/.exec(read('ports/until-available.ts'))?.[1]?.replaceAll('_', '')) / 1_000;
    for (const name of names) {
      const { periodSeconds, failureThreshold } = podOf(name).containers[0].startupProbe;
      const waits = read(`${name}/main.ts`).match(/untilAvailable\(|openCodec\(/g)?.length ?? 0;
      expect(waits, name).toBeGreaterThan(1);
      expect(periodSeconds * failureThreshold, name).toBeGreaterThan(Math.min(waits, 5) * waitS);
      expect(deployments[name]?.spec.progressDeadlineSeconds, name).toBeGreaterThan(periodSeconds * failureThreshold);
    }
    const { startupProbe } = podOf('aggregator').containers[0];
    expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBe(3_600);
  });

  test('has as long to stop as in docker-compose.yml, after those who send it requests have heard of it', () => {
    for (const name of names) {
      const { terminationGracePeriodSeconds, containers } = podOf(name);
      const [sleep, seconds = '0'] = containers[0].lifecycle?.preStop.exec.command ?? [];
      const isAsked = compose.services[name]?.networks.includes('front');
      expect([sleep, Number(seconds) > 0], name).toEqual(isAsked ? ['sleep', true] : [undefined, false]);
      const graceS = Number.parseInt(String(compose.services[name]?.stop_grace_period), 10);
      expect(terminationGracePeriodSeconds - Number(seconds), name).toBe(graceS);
    }
  });

  test('sets aside what it needs, and may take as much memory as in docker-compose.yml', () => {
    for (const name of names) {
      const { requests, limits } = podOf(name).containers[0].resources;
      expect(mebibytes(limits.memory), name).toBe(mebibytes(String(compose.services[name]?.mem_limit)));
      expect(mebibytes(requests.memory), name).toBeLessThanOrEqual(mebibytes(limits.memory));
      expect(requests.cpu, name).toMatch(/^\d+m?$/);
    }
    const { live } = JSON.parse(read('dev/bench/results/processor.json'));
    expect(mebibytes(podOf('processor').containers[0].resources.requests.memory)).toBeGreaterThan(live.residentMbLate);
  });

  test('is closed: not root, writes nowhere but to /tmp, may do nothing, knows no token', () => {
    for (const name of names) {
      const pod = podOf(name);
      expect(pod, name).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
        volumes: [{ name: 'tmp', emptyDir: {} }],
      });
      expect(pod.containers).toHaveLength(1);
      expect(pod.containers[0], name).toMatchObject({
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      });
      expect(pod.containers[0].securityContext.capabilities.add).toBeUndefined();
      expect(pod.topologySpreadConstraints).toHaveLength(2);
    }
    expect(manifests.filter(({ kind }) => kind === 'ServiceAccount')).toMatchObject([
      { automountServiceAccountToken: false },
    ]);
    // Official images of Node have it as 1000.
    expect(read('Dockerfile')).toMatch(/^USER node$/m);
  });

  test('goes one after the other, and lets a machine be emptied where there is only one', () => {
    const budgets = byService(manifests, 'PodDisruptionBudget');
    expect(Object.keys(budgets).sort()).toEqual(names);
    for (const { spec } of Object.values(budgets)) {
      expect(spec).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
      expect(spec.minAvailable).toBeUndefined();
    }
  });

  test('is replaced once the next one is ready, but for the aggregator, which changes the tables', () => {
    const migrating = names.filter((name) => /\bmigrate\(/.test(read(`${name}/main.ts`)));
    expect(migrating).toEqual(['aggregator']);
    for (const name of names) {
      expect(deployments[name]?.spec.strategy, name).toEqual(
        migrating.includes(name)
          ? { type: 'Recreate' }
          : { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      );
    }
  });
});
