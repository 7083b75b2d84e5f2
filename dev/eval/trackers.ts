import type { Size } from '../../ports/detector/picture.ts';
import { stepTracks } from '../../processor/track.ts';
import { noTracks, type Sighting, type TrackSettings, usualTracking } from '../../processor/tracks.ts';
import type { Box } from '../../schemas/types.ts';
import type { MotBox } from './mot.ts';
import { createSort } from './sort.ts';

/** A frame of a sequence, and what the detector found in it. */
export interface SeenFrame {
  readonly atMs: number;
  readonly size: Size;
  readonly truth: readonly MotBox[];
  readonly sightings: readonly Sighting[];
}

type Confidences = Pick<TrackSettings, 'sureConfidence' | 'faintConfidence'>;

/** What our tracker says at each frame of who is there, by person, so that who comes back has to be the same. */
export function runTracker(frames: readonly SeenFrame[], confidences: Confidences): readonly (readonly MotBox[])[] {
  const ids = new Map<string, number>();
  const settings = { ...usualTracking, ...confidences };
  let tracks = noTracks;
  return frames.map(({ atMs, size, sightings }) => {
    const aspect = size.width / size.height;
    const frame = { deviceId: 'sequence', lane: 'live', atMs, unseenBeforeMs: tracks.atMs, aspect, sightings } as const;
    const [next, { people }] = stepTracks(tracks, frame, settings);
    tracks = next;
    return people.map(({ personId, box }) => {
      const id = ids.get(personId) ?? ids.size + 1;
      ids.set(personId, id);
      return { id, ...inPixels(box, size) };
    });
  });
}

/** What SORT says, of the sightings that are sure. */
export function runSort(frames: readonly SeenFrame[], { sureConfidence }: Confidences): readonly (readonly MotBox[])[] {
  const step = createSort();
  return frames.map(({ size, sightings }) =>
    step(sightings.filter(({ confidence }) => confidence >= sureConfidence).map(({ box }) => inPixels(box, size))),
  );
}

function inPixels({ x, y, width, height }: Box, size: Size) {
  return {
    left: x * size.width,
    top: y * size.height,
    width: width * size.width,
    height: height * size.height,
  };
}
