/** The command line of the simulator: read whole, and every fault named at once. */

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface Arguments {
  readonly devices: number;
  readonly fps: number;
  /** Infinity for the whole of a clip. */
  readonly seconds: number;
  /** An absolute path; null where cameras see rooms of their own. */
  readonly video: string | null;
  readonly width: number;
  readonly url: string;
  /** Where the count is asked: in the production profile another service. */
  readonly consoleUrl: string;
  readonly seed: number;
  readonly prefix: string;
  readonly atOnce: boolean;
  /** Null means: choose when the run begins. */
  readonly startMs: number | null;
  readonly password: string | undefined;
  readonly duplicateShare: number;
}

export type Parsed =
  | { readonly kind: 'run'; readonly arguments: Arguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly faults: readonly string[] };

export const HELP = `Cameras that are not there: they walk people through rooms and upload what they see.

  npm run simulate -- [options]

  --devices N      how many cameras, 1 to 1000 (10; with --video 1)
  --fps N          frames per second of each, above 0, at most 60 (5)
  --seconds N      how long each captures (60; with --video all of it)
  --video FILE     all see this film or animated GIF, at most at its own frames per second; needs ffmpeg
  --width N        of a clip's pictures at most, 16 to 4096; narrower ones stay as they are (640)
  --url URL        the service (127.0.0.1 at PORT, 8080; over HTTPS if TLS_CERT_FILE is set)
  --console URL    where the service's own count is asked, if elsewhere (--url)
  --seed N         another seed shows other rooms and people (1)
  --prefix NAME    device ids are NAME-1, NAME-2, … (sim)
  --at-once        as fast as the service answers, rather than by the clock
  --start ISO      capture time of the first frame (now; with --at-once so that the last one is now)
  --password TEXT  of the user admin, to ask the service's own count (the environment's ADMIN_PASSWORD)
  --duplicates N   share of the frames sent twice, 0 to 1 (0.01)
  --help           this

An HTTPS service with a certificate of npm run certs is believed with NODE_EXTRA_CA_CERTS=certs/ca.pem.

The exit status is 0 when the service counts every frame it acknowledged, 1 when it lacks some or acknowledged
none, 2 for wrong arguments.`;

const OPTIONS = {
  devices: { type: 'string' },
  fps: { type: 'string', default: '5' },
  seconds: { type: 'string' },
  video: { type: 'string' },
  width: { type: 'string', default: '640' },
  url: { type: 'string' },
  console: { type: 'string' },
  seed: { type: 'string', default: '1' },
  prefix: { type: 'string', default: 'sim' },
  'at-once': { type: 'boolean', default: false },
  start: { type: 'string' },
  password: { type: 'string' },
  duplicates: { type: 'string', default: '0.01' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export function parseArguments(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Parsed {
  // Not strict: strict parsing throws at the first fault, and we name them all.
  const { values, tokens } = parseArgs({ args: [...argv], options: OPTIONS, strict: false, tokens: true });
  if (values.help) return { kind: 'help' };
  const faults: string[] = [];

  for (const token of tokens) {
    if (token.kind === 'positional') faults.push(`'${token.value}' belongs to no option`);
    if (token.kind !== 'option') continue;
    const type = token.name in OPTIONS ? OPTIONS[token.name as keyof typeof OPTIONS].type : null;
    if (type === null) faults.push(`there is no option ${token.rawName}`);
    else if (type === 'boolean' && token.value !== undefined) faults.push(`${token.rawName} takes no value`);
    else if (type === 'string' && (token.value === undefined || token.value === ''))
      faults.push(`${token.rawName} needs a value`);
  }

  const text = (name: keyof typeof OPTIONS): string | undefined => {
    const value = values[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const number = (
    name: keyof typeof OPTIONS,
    isFine: (value: number) => boolean,
    want: string,
    without = 0,
  ): number => {
    const given = text(name);
    const value = given === undefined ? without : Number(given);
    if (given !== undefined && !isFine(value)) faults.push(`--${name} must be ${want}, not '${given}'`);
    return value;
  };

  const url = text('url') ?? `${env.TLS_CERT_FILE ? 'https' : 'http'}://127.0.0.1:${env.PORT || 8080}`;
  if (!isHttpUrl(url)) faults.push(`--url must be an http or https URL, not '${url}'`);
  const consoleUrl = text('console') ?? url;
  if (!isHttpUrl(consoleUrl)) faults.push(`--console must be an http or https URL, not '${consoleUrl}'`);
  const prefix = text('prefix') ?? '';
  if (prefix !== '' && !/^[a-z0-9][a-z0-9_-]{0,39}$/i.test(prefix)) {
    faults.push(`--prefix must be letters, digits, - and _, at most 40, not '${prefix}'`);
  }
  const start = text('start');
  const startMs = start === undefined ? null : Date.parse(start);
  if (Number.isNaN(startMs)) faults.push(`--start must be a time such as 2025-01-31T08:00:00Z, not '${start}'`);

  const video = text('video');

  const read: Arguments = {
    devices: number(
      'devices',
      (value) => Number.isInteger(value) && value >= 1 && value <= 1000,
      'a whole number from 1 to 1000',
      video === undefined ? 10 : 1,
    ),
    fps: number('fps', (value) => value > 0 && value <= 60, 'above 0 and at most 60'),
    seconds: number(
      'seconds',
      (value) => value > 0 && Number.isFinite(value),
      'above 0',
      video === undefined ? 60 : Number.POSITIVE_INFINITY,
    ),
    // npm runs us in the folder of the package, wherever it was called.
    video: video === undefined ? null : resolve(env.INIT_CWD ?? '', video),
    width: number(
      'width',
      (value) => Number.isInteger(value) && value >= 16 && value <= 4096,
      'a whole number from 16 to 4096',
    ),
    url,
    consoleUrl,
    seed: number('seed', Number.isSafeInteger, 'a whole number'),
    prefix,
    atOnce: values['at-once'] === true,
    startMs,
    password: text('password') ?? env.ADMIN_PASSWORD,
    duplicateShare: number('duplicates', (value) => value >= 0 && value <= 1, 'from 0 to 1'),
  };
  return faults.length > 0 ? { kind: 'wrong', faults } : { kind: 'run', arguments: read };
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}
