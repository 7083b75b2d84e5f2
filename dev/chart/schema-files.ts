import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { placeWhole, runTool, type ToolOptions } from '../stack/tools.ts';

interface SchemaFile {
  readonly module: string;
  readonly version: string;
  readonly path: string;
  readonly as: string;
}

/**
 * What Kubernetes, KEDA and the Prometheus operator say themselves of their objects, from the Go modules that they publish.
 * Of Kubernetes it is the oldest release that the chart is for, since what a release has stays in those after it.
 */
const FILES: readonly SchemaFile[] = [
  { module: 'k8s.io/kubernetes', version: 'v1.29.15', path: 'api/openapi-spec/swagger.json', as: 'kubernetes.json' },
  {
    module: 'github.com/kedacore/keda/v2',
    version: 'v2.21.0',
    path: 'config/crd/bases/keda.sh_scaledobjects.yaml',
    as: 'scaledobjects.yaml',
  },
  ...['podmonitors', 'prometheusrules'].map((name) => ({
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    path: `example/prometheus-operator-crd/monitoring.coreos.com_${name}.yaml`,
    as: `${name}.yaml`,
  })),
];

/** Named for what is in it: other versions are another folder. */
const schemasFolder = (toolsFolder: string) =>
  join(toolsFolder, `schemas-${[...new Set(FILES.map(({ version }) => version))].join('-')}`);

export const schemaFiles = (toolsFolder: string) => FILES.map(({ as }) => join(schemasFolder(toolsFolder), as));
export const hasSchemas = (toolsFolder: string) => existsSync(schemasFolder(toolsFolder));
export const kubernetesVersion = FILES[0]?.version ?? '';

export async function provideSchemas({ toolsFolder, say, signal }: ToolOptions): Promise<void> {
  if (hasSchemas(toolsFolder)) return;
  say('fetching the schemas of Kubernetes, KEDA and the Prometheus operator by Go (32 MB, once)');
  await placeWhole(schemasFolder(toolsFolder), async (unfinished) => {
    for (const { module, version, path, as } of FILES) {
      const answer = await runTool('go', ['mod', 'download', '-json', `${module}@${version}`], { signal });
      const { Dir: folder } = JSON.parse(answer) as { readonly Dir: string };
      copyFileSync(join(folder, path), join(unfinished, as));
    }
  });
}
