/**
 * Whether the detector is to look at a frame. It need not look at what is still, where nobody is known to be: but it
 * does so now and then, since somebody who sits becomes background, and nobody is to be missed for longer than that.
 * For the same reason it looks each second as long as a visit lasts, though nobody is followed: what nobody looked at does
 * not say that somebody has gone. And more often right after somebody was there, though all there is now is background.
 * Pure, in event time.
 */
export interface Gate {
  /** When something was last there that is not background. */
  readonly presentAtMs: number | null;
  /** When the detector last looked. */
  readonly lookedAtMs: number | null;
}

export interface GateInput {
  readonly atMs: number;
  /** Against the background: see background.ts. */
  readonly present: boolean;
  /** The detector found somebody when it looked last. */
  readonly inSight: boolean;
  /** Somebody is being followed, in sight or just lost. */
  readonly hasTracks: boolean;
  /** A visit lasts, whether or not its person is still being followed. */
  readonly hasVisits: boolean;
}

export interface GateSettings {
  /** Never is nothing looked at for longer than this; 0 looks at every frame. */
  readonly lookEveryMs: number;
  /** For so long after the last motion it goes on looking. */
  readonly lookAfterMs: number;
}

/** Of what is background again, and shows nobody: two frames of most cameras, and of slow ones each. */
const LATELY_LOOK_MS = 400;
/** Often enough to find whoever is still there, at a fraction of what every frame would cost until they count as gone. */
const VISIT_LOOK_MS = 1_000;

export const closedGate: Gate = { presentAtMs: null, lookedAtMs: null };

/** With whether it looks. */
export function stepGate(
  gate: Gate,
  { atMs, present, inSight, hasTracks, hasVisits }: GateInput,
  { lookEveryMs, lookAfterMs }: GateSettings,
): readonly [Gate, boolean] {
  const presentAtMs = present ? atMs : gate.presentAtMs;
  const isLately = presentAtMs !== null && atMs - presentAtMs <= lookAfterMs;
  const usualMs = hasVisits ? Math.min(VISIT_LOOK_MS, lookEveryMs) : lookEveryMs;
  const dueMs = isLately || hasTracks ? Math.min(LATELY_LOOK_MS, usualMs) : usualMs;
  const isDue = gate.lookedAtMs === null || atMs - gate.lookedAtMs >= dueMs;
  const look = present || inSight || isDue;
  return [{ presentAtMs, lookedAtMs: look ? atMs : gate.lookedAtMs }, look];
}
