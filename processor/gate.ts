/**
 * Whether the detector is to look at a frame. It need not look at what is still, where nobody is known to be: but it
 * does so now and then, since somebody who sits becomes background, and nobody is to be missed for longer than that.
 * For the same reason it looks as long as a visit lasts: what nobody looked at does not say that somebody has gone.
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
  /** Somebody is being followed, or was until lately and their visit still lasts. */
  readonly hasPeople: boolean;
}

export interface GateSettings {
  /** Never is nothing looked at for longer than this; 0 looks at every frame. */
  readonly lookEveryMs: number;
  /** For so long after the last motion it goes on looking. */
  readonly lookAfterMs: number;
}

export const closedGate: Gate = { presentAtMs: null, lookedAtMs: null };

/** With whether it looks. */
export function stepGate(
  gate: Gate,
  { atMs, present, hasPeople }: GateInput,
  { lookEveryMs, lookAfterMs }: GateSettings,
): readonly [Gate, boolean] {
  const presentAtMs = present ? atMs : gate.presentAtMs;
  const isLately = presentAtMs !== null && atMs - presentAtMs <= lookAfterMs;
  const isDue = gate.lookedAtMs === null || atMs - gate.lookedAtMs >= lookEveryMs;
  const look = isLately || hasPeople || isDue;
  return [{ presentAtMs, lookedAtMs: look ? atMs : gate.lookedAtMs }, look];
}
