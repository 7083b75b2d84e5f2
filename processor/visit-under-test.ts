import type { Frame, Lane } from '../schemas/types.ts';
import { frameOf, type Place, recordOf } from './frames-under-test.ts';
import { jpegOf, type World } from './lane-under-test.ts';

export interface Shown {
  readonly atMs: number;
  readonly place: Place;
}

interface Showing {
  readonly lane?: Lane;
  readonly fromSeq?: number;
  readonly traced?: boolean;
}

/** Somebody comes at 200 ms, is gone after 600 ms, and comes again at 4,000 ms. */
export const visit: readonly Shown[] = [
  { atMs: 0, place: 0 },
  { atMs: 200, place: 1 },
  { atMs: 400, place: 2 },
  { atMs: 600, place: 0 },
  { atMs: 2_601, place: 0 },
  { atMs: 4_000, place: 3 },
  { atMs: 4_200, place: 1 },
];

/** Stores the pictures and appends their frames, as ingest does. */
export async function show(world: World, shown: readonly Shown[], showing: Showing = {}): Promise<readonly Frame[]> {
  const { lane = 'live', fromSeq = 0, traced = false } = showing;
  const frames = shown.map(({ atMs }, at) => frameOf({ seq: fromSeq + at, atMs, lane }));
  for (const [at, { blob_key }] of frames.entries())
    await world.blobs.put(blob_key, await jpegOf(shown[at]?.place ?? 0));
  const records = frames.map((frame) => recordOf(frame, traced ? traceOf(frame.seq) : undefined));
  await world.log.append(lane === 'live' ? 'frames' : 'backlog', records);
  return frames;
}

export function traceOf(seq: number): Readonly<Record<string, string>> {
  // There is no trace 0.
  return { traceparent: `00-${String(seq + 1).padStart(32, '0')}-00000000000000ab-01` };
}
