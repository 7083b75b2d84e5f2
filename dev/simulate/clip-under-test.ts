import { execFileSync } from 'node:child_process';
import { needs } from '../../ports/servers-under-test.ts';

const hasFfmpeg = (() => {
  try {
    execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** Says so where there is no ffmpeg, by which clips are made and read. */
export function lacksFfmpeg(suite: string): boolean {
  if (!hasFfmpeg) console.warn(`SKIPPED: clips in ${suite}: there is no ffmpeg`);
  return !hasFfmpeg;
}

export const needsFfmpeg = needs('ffmpeg');

/** A test picture that counts its seconds, as a film or an animated GIF. */
export function makeClip({
  file,
  size,
  fps,
  seconds,
}: {
  readonly file: string;
  /** Such as '320x240'. */
  readonly size: string;
  readonly fps: number;
  readonly seconds: number;
}): void {
  const source = `testsrc=size=${size}:rate=${fps}:duration=${seconds}`;
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-f', 'lavfi', '-i', source, file]);
}
