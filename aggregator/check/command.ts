import { parseArgs } from 'node:util';
import { Outage, Unusable } from '../../ports/errors.ts';
import { type KeptCheck, keepCheck } from './keep-check.ts';
import { describeReport, isWrong, KINDS, reportAsJson } from './report.ts';

export const USAGE = `Usage: npm run check -- [--repair] [--json] [--profile embedded|production]

  Compares rows, pictures and the log, while the service runs or while it does not. Ends with 0 if all of it agrees, or is
  repaired; with 1 if something does not; with 2 if it could not be found out.

  --repair    makes it agree:
${Object.entries(KINDS)
  .map(([kind, { found, repair }]) => `                ${kind}: ${found}${repair === null ? '' : `; ${repair}`}`)
  .join('\n')}
  --force     also where more is wrong than is likely
  --json      for programs
  --profile   production with KAFKA_BROKERS, embedded without it`;

export function readArguments(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      repair: { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return values;
}

export interface OpenedStores {
  readonly kept: KeptCheck;
  close(): Promise<void>;
}

/** Answers the exit status. */
export async function runCheckCommand(
  { repair, force, json }: Pick<ReturnType<typeof readArguments>, 'repair' | 'force' | 'json'>,
  open: () => Promise<OpenedStores>,
): Promise<number> {
  let opened: OpenedStores | null = null;
  try {
    opened = await open();
    const { signal } = new AbortController();
    const report = await keepCheck(opened.kept, { repair: repair ? 'all' : 'nothing', force }, { signal });
    if (report === null) throw new Unusable('Another check is under way. Wait until it is done.');
    console.log(json ? JSON.stringify(reportAsJson(report), null, 2) : describeReport(report));
    return isWrong(report) ? 1 : 0;
  } catch (error) {
    if (!(error instanceof Outage || error instanceof Unusable)) throw error;
    console.error(error.message);
    return 2;
  } finally {
    await opened?.close();
  }
}
