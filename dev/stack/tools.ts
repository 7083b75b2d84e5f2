import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ToolOptions {
  readonly toolsFolder: string;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What the operator has to install, or what could not be fetched. */
export class ToolMissing extends Error {}

const KAFKA = '4.1.0';
const GO_PROGRAMS = {
  versitygw: { version: 'v1.8.0', package: 'github.com/versity/versitygw/cmd/versitygw', binary: 'versitygw' },
  toxiproxy: { version: 'v2.5.0', package: 'github.com/Shopify/toxiproxy/v2/cmd/server', binary: 'server' },
  // Of the tests of the chart alone.
  helm: { version: 'v3.22.0', package: 'helm.sh/helm/v3/cmd/helm', binary: 'helm' },
} as const;
export type GoProgram = keyof typeof GO_PROGRAMS;
const OF_THE_STACK: readonly GoProgram[] = ['versitygw', 'toxiproxy'];

const JAVA_MIN = 17;
const POM = fileURLToPath(new URL('./kafka.pom.xml', import.meta.url));
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const LAST_WORDS_MAX = 15;

/** Where `npm run stack` keeps them, and whoever else starts servers finds them. */
export const TOOLS_FOLDER = fileURLToPath(new URL('../../.stack/tools', import.meta.url));

/** Whether nothing would have to be fetched or built for the stack. */
export function hasTools(toolsFolder: string): boolean {
  return [kafkaFolder(toolsFolder), ...OF_THE_STACK.map((program) => programFile(toolsFolder, program))].every(
    existsSync,
  );
}

const kafkaFolder = (toolsFolder: string) => join(toolsFolder, `kafka-${KAFKA}`);
export const programFile = (toolsFolder: string, program: GoProgram) =>
  join(toolsFolder, `${program}-${GO_PROGRAMS[program].version}`, GO_PROGRAMS[program].binary);

/** Everything that is not installed, said at once: nobody likes to be told once for each program. */
export async function requirePrograms(
  toolsFolder: string,
  wanted: { readonly kafka: boolean; readonly goPrograms: readonly GoProgram[] },
): Promise<void> {
  const faults: string[] = [];
  if (wanted.kafka) {
    const major = await javaMajor();
    if (major < JAVA_MIN) {
      faults.push(
        `Java ${JAVA_MIN} or later, to run Kafka${major > 0 ? ` (this is ${major})` : ''}: apt-get install openjdk-17-jre-headless`,
      );
    }
    if (!existsSync(kafkaFolder(toolsFolder)) && !(await answers('mvn', ['--version']))) {
      faults.push("Maven, once, to fetch Kafka's jars: apt-get install maven");
    }
  }
  const toBuild = wanted.goPrograms.filter((program) => !existsSync(programFile(toolsFolder, program)));
  if (toBuild.length > 0 && !(await answers('go', ['version']))) {
    faults.push(`Go 1.21 or later, once, to build ${toBuild.join(' and ')}: https://go.dev/dl`);
  }
  if (faults.length > 0) throw new ToolMissing(['The stack needs what is not here:', ...faults].join('\n  '));
}

/** The folder of Kafka's jars. */
export async function provideKafka({ toolsFolder, say, signal }: ToolOptions): Promise<string> {
  const folder = kafkaFolder(toolsFolder);
  if (existsSync(folder)) return folder;
  say(`fetching Kafka ${KAFKA} by Maven (43 MB, once)`);
  await placeWhole(folder, (unfinished) =>
    runTool(
      'mvn',
      [
        ...['--quiet', '--batch-mode', '--strict-checksums', `--file=${POM}`, 'dependency:copy-dependencies'],
        ...[`-DoutputDirectory=${unfinished}`, '-DincludeScope=runtime'],
      ],
      { signal },
    ),
  );
  return folder;
}

/** The program's binary, built from its source. */
export async function provideGoProgram(program: GoProgram, { toolsFolder, say, signal }: ToolOptions): Promise<string> {
  const file = programFile(toolsFolder, program);
  if (existsSync(file)) return file;
  const { version, package: source } = GO_PROGRAMS[program];
  say(`building ${program} ${version} by Go (once; some minutes)`);
  await placeWhole(join(file, '..'), (unfinished) =>
    runTool('go', ['install', `${source}@${version}`], {
      signal,
      env: { ...process.env, GOBIN: unfinished, CGO_ENABLED: '0' },
    }),
  );
  return file;
}

/** Made aside and renamed when whole: a start that was killed leaves nothing that looks like the tool. */
export async function placeWhole(folder: string, make: (unfinished: string) => Promise<unknown>): Promise<void> {
  const unfinished = `${folder}.new.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  try {
    await make(unfinished);
    if (readdirSync(unfinished).length === 0) throw new ToolMissing(`${folder} could not be made: nothing came`);
    // Another stack that shares the folder may have been quicker.
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

export async function runTool(
  file: string,
  args: readonly string[],
  options: { readonly signal: AbortSignal | undefined; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  const { signal, env = process.env } = options;
  try {
    const { stdout } = await run(file, args, { maxBuffer: OUTPUT_BYTES_MAX, env, ...(signal ? { signal } : {}) });
    return stdout;
  } catch (error) {
    signal?.throwIfAborted();
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    const words = (stdout + stderr).trim().split('\n').slice(-LAST_WORDS_MAX);
    throw new ToolMissing([`${file} failed; it needs the network. Its last words:`, ...words, message].join('\n  '));
  }
}

async function answers(file: string, args: readonly string[]): Promise<boolean> {
  return run(file, args).then(
    () => true,
    () => false,
  );
}

/** 0 when there is none. */
async function javaMajor(): Promise<number> {
  const { stderr } = await run('java', ['-version']).catch(() => ({ stderr: '' }));
  return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
}
