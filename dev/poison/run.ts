import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';
import { type Compared, compareTables } from './compare.ts';
import { fill, type Spoilt } from './fill.ts';
import { type Film, shootFilm } from './film.ts';
import { findLetterFaults, type LetterFaults } from './letters.ts';
import { mendAndRedrive } from './mend.ts';
import { createPlan } from './plan.ts';
import type { CreateTarget, Target } from './target.ts';
import { lagOf, type Standing, untilSettled } from './until-settled.ts';

const redrivenSql = statement(import.meta.url, './sql/redriven.sql');

export interface PoisonOptions {
  readonly createTarget: CreateTarget;
  /** Where the installations and their logs are kept; each run makes a folder of its own in it. */
  readonly folder: string;
  readonly records: number;
  readonly corrupt: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** A run in which nothing was wrong, of which the tables are left. */
export interface CleanRun {
  readonly tables: Queryable;
  readonly standing: Standing;
  readonly faults: LetterFaults;
  close(): Promise<void>;
}

export interface Report extends LetterFaults, Compared {
  /** How many records and pictures were spoilt. */
  readonly corrupt: number;
  readonly letters: number;
  /** What some group had still to read when nothing moved any more: of both runs, and after what was redriven. */
  readonly lag: bigint;
  readonly redriven: number;
}

export async function runClean(options: PoisonOptions): Promise<CleanRun> {
  const { target, standing } = await run('clean', options, await shootFilm());
  try {
    const faults = await findLetterFaults(target, []);
    await target.stop();
    return { tables: target.store, standing, faults, close: () => target.close() };
  } catch (error) {
    await target.close();
    throw error;
  }
}

/**
 * The same frames once more, of which some are spoilt; these are mended and redriven, and what is left is compared with
 * the clean run, which may still be under way until then.
 */
export async function runPoisoned(options: PoisonOptions, cleaning: Promise<CleanRun>): Promise<Report> {
  const film = await shootFilm();
  const { target, spoilt, standing, say } = await run('poisoned', options, film);
  try {
    const faults = await findLetterFaults(target, spoilt);
    await mendAndRedrive(target, spoilt, { picture: film.empty, say: slowly(say) });
    const settled = await untilSettled(target, { records: options.records, say: slowly(say) });
    // None has failed again.
    const faultsAfter = await findLetterFaults(target, spoilt);
    const [{ redriven = 0 } = {}] = await target.store.run<{ redriven: number }>(redrivenSql);
    await target.stop();
    const clean = await cleaning;
    say('comparing its tables with those of the clean run');
    const all = [clean.faults, faults, faultsAfter];
    return {
      ...(await compareTables(clean.tables, target.store, spoilt)),
      corrupt: spoilt.length,
      letters: standing.letters,
      missing: all.flatMap(({ missing }) => missing),
      extra: all.flatMap(({ extra }) => extra),
      lag: [clean.standing, standing, settled].reduce((sum, one) => sum + lagOf(one), 0n),
      redriven,
    };
  } finally {
    await target.close();
  }
}

interface Ran {
  readonly target: Target;
  readonly spoilt: readonly Spoilt[];
  readonly standing: Standing;
  readonly say: (line: string) => void;
}

/** Fills the log of an empty installation, starts it, and waits until it has read everything. */
async function run(name: 'clean' | 'poisoned', options: PoisonOptions, film: Film): Promise<Ran> {
  const { createTarget, records, corrupt, seed } = options;
  const folder = join(options.folder, name);
  mkdirSync(folder, { recursive: true });
  const say = (line: string) => options.say(`${name}: ${line}`);
  const target = await createTarget({ folder, say });
  try {
    const plan = createPlan({ seed, records, corrupt, walkFrames: film.walk.length });
    say('filling the log');
    const spoilt = await fill(target, { plan, film, seed, spoil: name === 'poisoned' });
    say('starting the services');
    await target.start();
    const startMs = performance.now();
    const standing = await untilSettled(target, { records, say: slowly(say) });
    const seconds = (performance.now() - startMs) / 1_000;
    say(`${records} records in ${seconds.toFixed(0)} s, ${(records / seconds).toFixed(0)} a second`);
    return { target, spoilt, standing, say };
  } catch (error) {
    await target.close();
    throw error;
  }
}

const SAID_EVERY_MS = 5_000;

/** What comes in between is left out. */
function slowly(say: (line: string) => void): (line: string) => void {
  let saidMs = Number.NEGATIVE_INFINITY;
  return (line) => {
    if (performance.now() - saidMs < SAID_EVERY_MS) return;
    saidMs = performance.now();
    say(line);
  };
}
