import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { needs } from '../../ports/servers-under-test.ts';
import { ROOT } from '../compose/compose-file-under-test.ts';
import { programFile, TOOLS_FOLDER } from '../stack/tools.ts';
import { hasSchemas, kubernetesVersion } from './schema-files.ts';

export const CHART = join(ROOT, 'ops/helm/passerby');
export const RELEASE = 'here';
export const NAMESPACE = 'cameras';

/** What is rendered: with the values that the chart has itself, and with each file of others. */
export const valueSets = ['', ...readdirSync(join(CHART, 'ci')).sort()];

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  // biome-ignore lint/suspicious/noExplicitAny: as YAML has it; the schemas say what it is.
  readonly [part: string]: any;
}

const helm = programFile(TOOLS_FOLDER, 'helm');

/** A suite that runs the real Helm; where that was not built it is one test that is skipped, and says so. */
export function describeWithHelm(title: string, suite: () => void): void {
  const isHere = existsSync(helm) && hasSchemas(TOOLS_FOLDER);
  const named = `${title} ${needs('helm')}`;
  if (isHere) {
    describe(named, suite);
    return;
  }
  console.warn(`SKIPPED: ${title}: there is no Helm, or no schemas; npm run chart:tools brings them`);
  // Not the suite itself: even one that is skipped is gone through for its tests, and would miss Helm there.
  test.skipIf(!isHere)(named, () => undefined);
}

export function runHelm(...args: readonly string[]): string {
  return execFileSync(helm, args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
}

const withValues = (set: string) => (set === '' ? [] : ['--values', join(CHART, 'ci', set)]);
/** A Helm that was built by Go does not know which Kubernetes it is of. */
const inKubernetes = ['--kube-version', kubernetesVersion];

export const lint = (set: string) => runHelm('lint', '--strict', ...inKubernetes, ...withValues(set), CHART);

function template(set: string, more: readonly string[], chart: string): string[] {
  const named = [RELEASE, chart, '--namespace', NAMESPACE];
  return ['template', ...named, ...inKubernetes, ...withValues(set), ...more];
}

const rendered = new Map<string, string>();

export function render(set = '', more: readonly string[] = [], chart = CHART): Manifest[] {
  const args = template(set, more, chart);
  const text = rendered.get(args.join(' ')) ?? runHelm(...args);
  rendered.set(args.join(' '), text);
  const documents = parseAllDocuments(text);
  const faults = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]);
  if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join('\n'));
  return documents.map((document) => document.toJS()).filter((manifest) => manifest !== null);
}

/** Why Helm refuses to render; nothing where it does not. */
export function refusal(...settings: readonly string[]): string {
  const more = settings.flatMap((setting) => ['--set', setting]);
  const { status, stderr } = spawnSync(helm, template('', more, CHART), { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? '' : stderr;
}

export const ofKind = (manifests: readonly Manifest[], kind: string) =>
  manifests.filter((manifest) => manifest.kind === kind);

/** By the name of the service that it is about. */
export function byService(manifests: readonly Manifest[], kind: string): Readonly<Record<string, Manifest>> {
  return Object.fromEntries(
    ofKind(manifests, kind).map((manifest) => [
      manifest.metadata.labels['app.kubernetes.io/component'] ?? manifest.metadata.name,
      manifest,
    ]),
  );
}
