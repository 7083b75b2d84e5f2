import type { StoredRecord } from '../ports/log/log.ts';
import type { Frame } from '../schemas/types.ts';
import { builtInConfiguration, type Configuration, newerOf } from './configuration.ts';
import type { Input } from './read-input.ts';
import { nothingHeld, passTime, type Reorder, releaseAll, takeIn } from './reorder.ts';
import { hasSeen, noSeqs, type SeenSeqs, withSeen } from './seen-seqs.ts';

/**
 * Whose turn it is, decided from a device's records alone, before any picture is fetched: second copies are dropped,
 * frames that overtook each other are put in order (reorder.ts), and each gets the configuration of its place
 * (promises 2, 4 and 6). Pure; what is done when it is somebody's turn, device-step.ts says.
 */
export interface Line {
  readonly configuration: Configuration;
  readonly seen: SeenSeqs;
  readonly waiting: Reorder<Held>;
}

/** A frame that waits for those before it, with the record it came in. */
export interface Held {
  readonly frame: Frame;
  readonly record: StoredRecord;
}

export type Turn = {
  readonly deviceId: string;
  readonly configuration: Configuration;
  /** What follows from the turn carries on its trace. */
  readonly record: StoredRecord;
} & (
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'configuration' }
  | { readonly kind: 'tick'; readonly atMs: number }
);

export const newLine: Line = { configuration: builtInConfiguration, seen: noSeqs, waiting: nothingHeld };

export type DeviceInput = Exclude<Input, { readonly kind: 'poison' | 'ignored' }>;

export function lineUp(line: Line, input: DeviceInput, record: StoredRecord): readonly [Line, readonly Turn[]] {
  const { deviceId } = input;
  const { configuration, seen } = line;
  const due = (released: readonly Held[]) =>
    released.map(({ frame, record }): Turn => ({ kind: 'frame', deviceId, frame, record, configuration }));
  switch (input.kind) {
    case 'frame': {
      const { frame } = input;
      if (hasSeen(seen, frame.epoch, frame.seq)) return [line, []];
      const [waiting, released] = takeIn(line.waiting, { frame, record });
      return [{ ...line, waiting, seen: withSeen(seen, frame.epoch, frame.seq) }, due(released)];
    }
    case 'configuration': {
      const newer = newerOf(configuration, input.configuration);
      // One that changes nothing releases nothing either: a second copy must make no difference.
      if (newer === configuration) return [line, []];
      const [waiting, released] = releaseAll(line.waiting);
      const turn: Turn = { kind: 'configuration', deviceId, record, configuration: newer };
      return [{ ...line, waiting, configuration: newer }, [...due(released), turn]];
    }
    case 'tick': {
      const { atMs } = input;
      const [waiting, released] = passTime(line.waiting, atMs);
      const tick: Turn = { kind: 'tick', deviceId, record, configuration, atMs };
      // A frame that still waits is newer than the tick says.
      const turns = waiting.held.length > 0 ? due(released) : [...due(released), tick];
      return [released.length === 0 ? line : { ...line, waiting }, turns];
    }
  }
}
