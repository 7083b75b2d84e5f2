import { describe, expect, test } from 'vitest';
import { type Episode, type EpisodeFrame, stepEpisode, type Telling } from './motion-episode.ts';
import { readSequences } from './sequences-under-test.ts';

const SCORE_MIN = 0.1;
const QUIET_MS = 2_000;

describe('motion', () => {
  for (const { title, rows } of readSequences('motion')) {
    test(title, () => {
      let episode: Episode | null = null;
      const frames = rows.map(({ input }) => input.split(/\s+/).map(Number.parseFloat));
      const told = frames.map(([atMs = Number.NaN, score = Number.NaN], at) => {
        const gapMs = atMs - (frames[at - 1]?.[0] ?? atMs);
        const [next, tellings] = stepEpisode(episode, frameAt(atMs, gapMs, score), QUIET_MS);
        episode = next;
        return tellings.map(tell).join('; ');
      });
      expect(told).toEqual(rows.map((row) => row.expected));
    });
  }
});

/** What is told of a frame can be traced back to it: its name, its number and its box all say its time. */
function frameAt(atMs: number, gapMs: number, score: number): EpisodeFrame {
  const moving = score > SCORE_MIN;
  const boxes = moving ? [{ x: atMs, y: 0, width: 1, height: 1 }] : [];
  return { frameId: `${atMs}ms`, frameSeq: atMs, atMs, gapMs, motion: { score, moving, boxes } };
}

function tell({ episode, endedAtMs }: Telling): string {
  const { version, frameId, frameSeq, startedAtMs, frames, scoreSum, peakScore, peakBoxes } = episode;
  // An event is named for the frame it began with.
  expect([frameId, frameSeq]).toEqual([`${startedAtMs}ms`, startedAtMs]);
  const span = `${startedAtMs}ms to ${endedAtMs === null ? 'now' : `${endedAtMs}ms`}`;
  const peak = `peak ${peakScore} at ${peakBoxes.map(({ x }) => `${x}ms`).join()}`;
  return `v${version} ${span}: ${frames} frames of ${(scoreSum / frames).toFixed(2)}, ${peak}`;
}
