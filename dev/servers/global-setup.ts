import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import type { ServerName } from '../../ports/servers-under-test.ts';
import { needs } from '../../ports/servers-under-test.ts';
import { readRunningStack } from '../stack/stack-file.ts';
import { createDocker } from './docker.ts';
import { findServers, fromEnvironment, fromRunningStack } from './find-servers.ts';
import { namesIn, requireReached, skippedLines } from './report.ts';

const STACK = fileURLToPath(new URL('../../.stack', import.meta.url));

/**
 * Finds, once for a run, the real servers that its suites need: addresses in the environment, else Docker, else a
 * running `npm run stack`. At the end it says what was not reached.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const required = (process.env.REQUIRE_SERVERS ?? '').split(',').filter(Boolean);
  const wanted = [...new Set([...project.vitest.state.getPaths().flatMap(neededBy), ...namesIn(required)])];
  const docker = createDocker((line) => project.vitest.logger.log(`servers: ${line}`));
  const { servers, missing } = await findServers(wanted, [
    fromEnvironment(process.env),
    docker.source,
    fromRunningStack(() => readRunningStack(STACK)),
  ]);
  project.provide('servers', servers);
  try {
    requireReached(required, missing);
  } catch (error) {
    await docker.stop();
    throw error;
  }
  return async () => {
    await docker.stop();
    for (const line of skippedLines(missing, (server) => countSkipped(project, server))) {
      project.vitest.logger.log(line);
    }
  };
}

/** No container is started for a run in which no suite would look at it. */
function neededBy(file: string): ServerName[] {
  return namesIn([...readFileSync(file, 'utf8').matchAll(/\bdescribeWith\(\s*'(\w+)'/g)].map(([, name = '']) => name));
}

function countSkipped(project: TestProject, server: ServerName) {
  const modules = project.vitest.state
    .getTestModules()
    .map((module) =>
      [...module.children.allTests('skipped')].filter(({ fullName }) => fullName.includes(needs(server))),
    );
  return { files: modules.filter((tests) => tests.length > 0).length, tests: modules.flat().length };
}
