import type { Event, Observation } from '../schemas/types.ts';
import type { Configuration } from './configuration.ts';
import type { StepOutput } from './device-step.ts';
import { createSteps, type Erase, newDevice, type Redrive, type Shot, type Tick } from './device-under-test.ts';
import { firstAtMs, frameOf, lookOf, type Place, smallGrid } from './frames-under-test.ts';
import { looksOf } from './people-under-test.ts';
import type { DeviceState } from './state.ts';

/** What a camera shows, and what a device makes of it, from its first frame on. */

export const later: Tick = { tickAtMs: firstAtMs + 1_000_000_000 };

export type Input = Shot & { readonly look: NonNullable<Shot['look']> };

export function show(seq: number, atMs: number, place: Place): Input {
  return inputOf(seq, atMs, lookOf(place));
}

export function inputOf(seq: number, atMs: number, look: Input['look']): Input {
  return { frame: frameOf({ seq, atMs }), look };
}

export const person = {
  className: 'person',
  confidence: 0.8,
  box: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
  appearance: looksOf('A'),
};

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

export function times({ fromMs, toMs, stepMs }: Span): readonly number[] {
  return Array.from({ length: (toMs - fromMs) / stepMs + 1 }, (_, at) => fromMs + at * stepMs);
}

export function withPerson(seq: number, atMs: number) {
  const { prepared, found } = lookOf(0);
  return { frame: frameOf({ seq, atMs }), look: { prepared, found: { ...found, objects: [person], model: 'mine@1' } } };
}

/** Until time has passed, and nothing waits any more. */
export function run(
  inputs: readonly (Input | Redrive | Configuration)[],
  between = (state: DeviceState) => state,
): readonly StepOutput[] {
  return runFrom(newDevice, [...inputs, later], between).outputs;
}

export function runFrom(
  from: DeviceState,
  inputs: readonly (Input | Redrive | Configuration | Tick | Erase)[],
  between = (state: DeviceState) => state,
  step = createSteps(smallGrid),
) {
  let state = from;
  const outputs = inputs.flatMap((input) => {
    const [next, told] = step(between(state), input);
    state = next;
    return told;
  });
  return { state, outputs };
}

export function observations(outputs: readonly StepOutput[]): readonly Observation[] {
  return outputs.flatMap((output) => (output.kind === 'observation' ? [output.observation] : []));
}

export function events(outputs: readonly StepOutput[]): readonly Event[] {
  return outputs.flatMap((output) => (output.kind === 'event' ? [output.event] : []));
}
