import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MotBox, writeMot } from './mot.ts';

export const TRACKERS = ['ours', 'sort'] as const;
export type TrackerName = (typeof TRACKERS)[number];

/** What trackers made of one sequence at one rate, frame by frame, and what was there. */
export interface TrackRun {
  readonly sequence: string;
  readonly rate: number;
  readonly truth: readonly (readonly MotBox[])[];
  readonly tracks: Readonly<Record<TrackerName, readonly (readonly MotBox[])[]>>;
}

export interface TrackScore {
  readonly mota: number;
  readonly idf1: number;
  readonly hota: number;
  readonly switches: number;
}

const SCRIPT = fileURLToPath(new URL('./track_scores.py', import.meta.url));

/** By TrackEval, in the order of the runs. The folder is where it finds the files, and is left to whoever gave it. */
export function scoreTracks(
  python: string,
  folder: string,
  runs: readonly TrackRun[],
): readonly Readonly<Record<TrackerName, TrackScore>>[] {
  const nameOf = ({ sequence, rate }: TrackRun) => `${sequence}-${rate}fps`;
  for (const run of runs) {
    write(join(folder, 'truth', nameOf(run), 'gt/gt.txt'), writeMot(run.truth));
    for (const tracker of TRACKERS) {
      write(join(folder, 'trackers', tracker, 'data', `${nameOf(run)}.txt`), writeMot(run.tracks[tracker]));
    }
  }
  const frames = Object.fromEntries(runs.map((run) => [nameOf(run), run.truth.length]));
  const answer = execFileSync(python, [SCRIPT, folder], { input: JSON.stringify(frames), stdio: 'pipe' });
  const scores = JSON.parse(String(answer)) as Record<TrackerName, Record<string, TrackScore>>;
  return runs.map((run) => {
    const of = (tracker: TrackerName) => scores[tracker][nameOf(run)] as TrackScore;
    return { ours: of('ours'), sort: of('sort') };
  });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
