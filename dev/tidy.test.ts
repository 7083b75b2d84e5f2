import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { NEWEST_MIGRATION } from '../ports/store/require-tables.ts';

/** The rules of the house that no linter knows. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Which folders a folder's code may import from; services meet at topics and tables, never in code. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  ports: [],
  http: ['ports', 'schemas'],
  ingest: ['http', 'ports', 'schemas'],
  processor: ['http', 'ports', 'schemas'],
  aggregator: ['http', 'ports', 'schemas'],
  snapshots: ['http', 'ports', 'schemas'],
  console: ['http', 'ports', 'schemas'],
  grafana: [],
  dev: ['*'],
  // What people copy: nothing of ours is in it.
  docs: [],
};

/** Code that must give the same output for the same input, whenever and wherever it runs (promise 7). */
const PURE = [
  'aggregator/fold-observations.ts',
  'console/disk-state.ts',
  'console/ledger.ts',
  'console/missing.ts',
  'grafana/expand-query.ts',
  'processor/absence.ts',
  'processor/affinity.ts',
  'processor/appearance.ts',
  'processor/assign.ts',
  'processor/background.ts',
  'processor/configuration.ts',
  'processor/crowd.ts',
  'processor/device-step.ts',
  'processor/fair-share.ts',
  'processor/first-sights.ts',
  'processor/flood.ts',
  'processor/floor.ts',
  'processor/forget.ts',
  'processor/gallery.ts',
  'processor/gate.ts',
  'processor/light.ts',
  'processor/line-crossing.ts',
  'processor/match-sightings.ts',
  'processor/motion-episode.ts',
  'processor/motion.ts',
  'processor/pace.ts',
  'processor/pack-tracks.ts',
  'processor/place-telling.ts',
  'processor/places.ts',
  'processor/presence.ts',
  'processor/regions.ts',
  'processor/reorder.ts',
  'processor/retries.ts',
  'processor/seen-seqs.ts',
  'processor/stay.ts',
  'processor/track.ts',
  'processor/track-telling.ts',
  'processor/tracks.ts',
  'processor/visit.ts',
  'processor/visits.ts',
  'processor/whereabouts.ts',
  'schemas/device-settings.ts',
  'schemas/identity.ts',
];

/** Only roots choose what stands behind a port. */
const ADAPTERS = [
  'ports/log/postgres.ts',
  'ports/log/kafka.ts',
  'ports/log/memory.ts',
  'ports/blobs/filesystem.ts',
  'ports/blobs/memory.ts',
  'ports/blobs/s3.ts',
  'ports/store/postgres.ts',
  'ports/store/embedded/server.ts',
  'ports/clock/system.ts',
  'ports/clock/manual.ts',
  'ports/tracing/opentelemetry.ts',
];

const LINES_MAX = 400;

const files = listed('*.ts', '*.mjs');
const sources = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]));
const isTest = (file: string) => /\.(test|contract)\.ts$/.test(file) || file.endsWith('-under-test.ts');
const isRoot = (file: string) => file.startsWith('dev/') || file.endsWith('/main.ts');

describe('tidy', () => {
  test('there is something to look at', () => {
    expect(files.length).toBeGreaterThan(50);
    expect([...PURE, ...ADAPTERS].filter((file) => !sources.has(file))).toEqual([]);
    const folders = new Set(files.filter((file) => file.includes('/')).map(topFolder));
    expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
  });

  test('imports go one way', () => {
    const wrong = edges().filter(({ from, to }) => {
      // A test may bring together what the code keeps apart.
      if (topFolder(from) === topFolder(to) || isTest(from)) return false;
      const allowed = MAY_IMPORT[topFolder(from)] ?? [];
      return !allowed.includes('*') && !allowed.includes(topFolder(to));
    });
    expect(wrong.map(tell)).toEqual([]);
  });

  test('no file imports itself by way of others', () => {
    const graph = new Map<string, string[]>();
    // A type that is imported is gone at run time, and so is its cycle.
    for (const { from, to, typeOnly } of edges()) if (!typeOnly) graph.set(from, [...(graph.get(from) ?? []), to]);
    expect(findCycles(graph)).toEqual([]);
  });

  test('only roots, tests and the adapters themselves name adapters', () => {
    const wrong = edges().filter(
      ({ from, to }) => ADAPTERS.includes(to) && !isTest(from) && !isRoot(from) && dirname(from) !== dirname(to),
    );
    expect(wrong.map(tell)).toEqual([]);
  });

  test("OpenTelemetry's packages are named by one file, which is loaded where spans are wanted", () => {
    const adapter = 'ports/tracing/opentelemetry.ts';
    const naming = files.filter((file) => !isTest(file) && withoutComments(file).includes("'@opentelemetry/"));
    expect(naming).toEqual([adapter]);
    const loading = edges().filter(({ to, typeOnly }) => to === adapter && !typeOnly);
    expect(loading.map(({ from }) => from)).toEqual(['ports/tracing/open-tracing.ts']);
    expect(sources.get('ports/tracing/open-tracing.ts')).toContain("await import('./opentelemetry.ts')");
  });

  test('the pure core knows no clock, no chance, and nothing outside', () => {
    const impure =
      /Date\.now|new Date\(\)|performance\.|Math\.random|randomUUID|randomBytes|process\.|setTimeout|await |from 'node:/;
    expect(PURE.filter((file) => impure.test(withoutComments(file)))).toEqual([]);
    const reachable = edges().filter(
      ({ from, to, typeOnly }) => PURE.includes(from) && !typeOnly && !PURE.includes(to),
    );
    expect(reachable.map(tell)).toEqual([]);
  });

  test('time comes from the clock port', () => {
    const services = files.filter(
      (file) => /^(ingest|processor|aggregator|snapshots|console)\//.test(file) && !isTest(file),
    );
    expect(services.filter((file) => /Date\.now\(|new Date\(\)/.test(withoutComments(file)))).toEqual([]);
  });

  test('SQL is in .sql files', () => {
    const sql =
      /[`'"]\s*(select\s.*\bfrom\b|select\s+[\w.]+\(|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|(create|alter|drop)\s+(table|schema|database|index|function|view|role)\s)/i;
    const wrong = files.filter((file) => file.endsWith('.ts') && !isTest(file) && sql.test(withoutComments(file)));
    expect(wrong).toEqual([]);
  });

  test('no lock is an advisory one, which whoever may sign in at the database may take', () => {
    // Since 0026_locks.sql there is nothing any more that calls it.
    const before = 'aggregator/migrations/0017_erasures.sql';
    const taking = listed('*.sql', '*.ts').filter(
      (file) => !isTest(file) && /pg_(try_)?advisory_/.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(taking).toEqual([before]);
  });

  test('the lock file has every platform, and names no registry', () => {
    const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
    const { packages } = JSON.parse(text) as { packages: Record<string, { optionalDependencies?: object }> };
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
      ),
    );
    expect(missing).toEqual([]);
    expect(text).not.toContain('"resolved"');
  });

  test.each(['aggregator', 'ports/log'])(
    'migrations of %s are numbered from 0001 on, without a gap and none twice',
    (owner) => {
      // Two that grew beside each other may have taken one number, and where one is missing another may yet come between
      // those that have been run.
      const names = readdirSync(join(ROOT, owner, 'migrations')).sort();
      expect(names.length).toBeGreaterThan(0);
      expect(names).toEqual(
        names.map((_, at) => expect.stringMatching(`^${String(at + 1).padStart(4, '0')}_[a-z_]+\\.sql$`)),
      );
    },
  );

  test('services wait for the newest migration, whichever of them needs it', () => {
    expect(readdirSync(join(ROOT, 'aggregator/migrations')).sort().at(-1)).toBe(`${NEWEST_MIGRATION}.sql`);
  });

  test('files are named in kebab-case and stay short', () => {
    expect(files.filter((file) => !/^[a-z0-9./-]+$/.test(file))).toEqual([]);
    const long = [...sources].filter(
      ([file, text]) => text.split('\n').length > LINES_MAX && file !== 'schemas/types.ts',
    );
    expect(long.map(([file]) => file)).toEqual([]);
    expect(files.filter((file) => /(^|\/)(utils?|helpers?|common|lib|misc)(\.|\/)/.test(file))).toEqual([]);
  });
});

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function edges(): Edge[] {
  return [...sources].flatMap(([from, text]) =>
    [...text.matchAll(/(import|export)\s+(type\s)?[^;]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/g)].map((match) => ({
      from,
      to: join(dirname(from), match[3] ?? match[4] ?? ''),
      typeOnly: match[2] !== undefined,
    })),
  );
}

function listed(...names: readonly string[]): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', ...names];
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\n').filter(Boolean);
}

function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
    if (done.has(file) || path.includes(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}

function topFolder(file: string): string {
  return file.split('/')[0] ?? '';
}

function tell({ from, to }: Edge): string {
  return `${from} imports ${to}`;
}

function withoutComments(file: string): string {
  return (sources.get(file) ?? '').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}
