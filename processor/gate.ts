/**
 * Whether the detector is to look at a frame. It need not look at what is still, where nobody is known to be: but it
 * does so now and then, since somebody who sits becomes background, and nobody is to be missed for longer than that.
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
  /** Somebody is being followed. */
  readonly hasTracks: boolean;
}

export interface GateSettings {
  /** Never is nothing looked at for longer than this; 0 looks at every frame. */
  readonly lookEveryMs: number;
  /** For so long after the last motion it goes on looking. */
  readonly lookAfterMs: number;
}

/** Why it looks, or `still`: why not. */
export type GateReason = 'first' | 'motion' | 'track' | 'periodic' | 'still';

export interface Decision {
  readonly look: boolean;
  readonly reason: GateReason;
}

export const closedGate: Gate = { presentAtMs: null, lookedAtMs: null };

export function stepGate(
  gate: Gate,
  { atMs, present, hasTracks }: GateInput,
  { lookEveryMs, lookAfterMs }: GateSettings,
): readonly [Gate, Decision] {
  const presentAtMs = present ? atMs : gate.presentAtMs;
  const reason = ((): GateReason => {
    if (gate.lookedAtMs === null) return 'first';
    if (presentAtMs !== null && atMs - presentAtMs <= lookAfterMs) return 'motion';
    if (hasTracks) return 'track';
    return atMs - gate.lookedAtMs >= lookEveryMs ? 'periodic' : 'still';
  })();
  const look = reason !== 'still';
  return [
    { presentAtMs, lookedAtMs: look ? atMs : gate.lookedAtMs },
    { look, reason },
  ];
}
