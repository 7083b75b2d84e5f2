import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { modelOptionsOf } from '../ports/detector/config.ts';
import { FAINT_SHARE, type Model, openModel } from '../ports/detector/model.ts';
import { readDescription } from '../ports/detector/read-description.ts';
import { appearanceOf } from '../processor/appearance.ts';
import { findMotSequences, type MotFrame, readMotSequence } from './eval/mot.ts';
import { scoreTracks, type TrackerName, type TrackRun, type TrackScore } from './eval/score-tracks.ts';
import { runSort, runTracker, type SeenFrame } from './eval/trackers.ts';
import { readPicture } from './models/read-picture.ts';
import { openPython } from './python/open-python.ts';
import { SHARED_DATA } from './shared-data.ts';

/**
 * `npm run eval:tracking [-- --sequences FOLDER --model FILE --fps N --confidence C]`: how well people are followed, on
 * sequences in the MOTChallenge's format, beside a plain SORT on the same detections; scored by TrackEval, by the rules
 * of MOT15. At the rate at which they were taken, at five frames a second as our cameras send them, and the longer ones
 * at one.
 *
 * Both trackers are judged by what they say at each frame, of those they are sure of by then, and never look back. SORT
 * gets the detections that are sure enough by the threshold in the model's description, or by --confidence; ours also
 * looks at fainter ones, down to three quarters of that.
 */
const RATES = [5, 1];
/** Of a shorter one, too little is left at one frame a second. */
const LONG_S = 20;
/** Of sequences that come without seqinfo.ini. */
const KNOWN_FPS: Readonly<Record<string, number>> = { 'TUD-Campus': 25, 'TUD-Stadtmitte': 25, 'ETH-Sunnyday': 14 };
/** Of a model without a description: what ByteTrack takes for YOLOX. */
const USUAL_CONFIDENCE = 0.6;

const { values } = parseArgs({
  options: {
    sequences: { type: 'string', default: join(SHARED_DATA, 'mot') },
    model: { type: 'string' },
    fps: { type: 'string' },
    confidence: { type: 'string' },
  },
});
if (!existsSync(values.sequences)) {
  stop(
    `There is no ${values.sequences}. --sequences names a folder in the MOTChallenge's format, or one of such folders; SHARED_DATA the folder of the sequences that are not part of this repository.`,
  );
}
const folders = findMotSequences(values.sequences);
if (folders.length === 0) stop(`In ${values.sequences} there is no sequence: none with gt/gt.txt and img1.`);
const opened = await openPython(new URL('./python/tracking.txt', import.meta.url));
if ('missing' in opened) stop(`This needs ${opened.missing}`);
const { python } = opened as { python: string };
const work = mkdtempSync(join(tmpdir(), 'passerby-tracking-'));
try {
  await evaluate();
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function evaluate(): Promise<void> {
  const { path } = modelOptionsOf(
    values.model === undefined ? {} : { MODEL_PATH: values.model.replace(/\.json$/, '.onnx') },
  );
  const said = values.confidence ?? (await readDescription(path)).confidence?.person ?? USUAL_CONFIDENCE;
  const sure = Number(said);
  if (!(sure > 0 && sure <= 1)) stop(`${said} is no confidence: it is above 0 and at most 1.`);
  const model = await openModel({ path, threads: 2, given: { confidence: { person: sure } }, faintShare: FAINT_SHARE });
  const confidences = { sureConfidence: sure, faintConfidence: model.people.faint };
  const runs: TrackRun[] = [];
  for (const folder of folders) {
    const { name, fps: said, frames } = readMotSequence(folder);
    const fps = Number(values.fps ?? said ?? KNOWN_FPS[name]);
    if (!(fps > 0)) stop(`${name} has no seqinfo.ini that says its frames a second: --fps does.`);
    const seen = await look(model, frames, fps);
    for (const rate of [fps, ...RATES.filter((rate) => rate < fps && (rate > 1 || frames.length / fps >= LONG_S))]) {
      const some = atRate(seen, fps, rate);
      runs.push({
        sequence: name,
        rate,
        truth: some.map(({ truth }) => truth),
        tracks: { ours: runTracker(some, confidences), sort: runSort(some, confidences) },
      });
    }
  }
  await model.close();
  const scores = scoreTracks(python, work, runs);
  console.log(`${basename(path)}: sure from ${sure}, faint from ${confidences.faintConfidence.toFixed(3)}`);
  console.table(
    runs.map((run, at) => ({
      sequence: run.sequence,
      fps: run.rate,
      frames: run.truth.length,
      ...columns('', scores[at]?.ours as TrackScore),
      ...columns('sort ', scores[at]?.sort as TrackScore),
    })),
  );
  const atFive = scores.filter((_, at) => runs[at]?.rate === 5);
  console.log([closing('', 'ours', atFive), closing('sort_', 'sort', atFive)].join(' '));
}

/** Once for all rates. */
async function look(model: Model, frames: readonly MotFrame[], fps: number): Promise<readonly SeenFrame[]> {
  const seen: SeenFrame[] = [];
  for (const [at, { path, truth }] of frames.entries()) {
    const picture = await readPicture(model, path);
    const found = await model.detect(picture);
    seen.push({
      atMs: Math.round((at * 1_000) / fps),
      size: picture.original,
      truth,
      sightings: found.map(({ box, confidence }) => ({ box, confidence, appearance: appearanceOf(picture, box) })),
    });
  }
  return seen;
}

/** For each tick of the slower rate the frame nearest to it, with its own time. */
function atRate(seen: readonly SeenFrame[], fps: number, rate: number): readonly SeenFrame[] {
  if (rate === fps) return seen;
  const count = Math.ceil((seen.length * rate) / fps);
  return Array.from({ length: count }, (_, tick) => seen[Math.round((tick * fps) / rate)]).filter(
    (frame) => frame !== undefined,
  );
}

function columns(prefix: string, { mota, idf1, hota, switches }: TrackScore): object {
  const [MOTA, IDF1, HOTA] = [mota, idf1, hota].map((score) => Number(score.toFixed(3)));
  return { [`${prefix}mota`]: MOTA, [`${prefix}idf1`]: IDF1, [`${prefix}hota`]: HOTA, [`${prefix}switches`]: switches };
}

/** Means over the sequences. */
function closing(
  prefix: string,
  tracker: TrackerName,
  scores: readonly Readonly<Record<TrackerName, TrackScore>>[],
): string {
  const names =
    tracker === 'ours' ? (['mota', 'idf1', 'hota', 'switches'] as const) : (['mota', 'idf1', 'switches'] as const);
  return names
    .map((name) => {
      const mean = scores.reduce((sum, score) => sum + score[tracker][name], 0) / scores.length;
      return `${prefix}${name}=${mean.toFixed(name === 'switches' ? 1 : 3)}`;
    })
    .join(' ');
}

function stop(message: string): never {
  console.error(message);
  process.exit(1);
}
