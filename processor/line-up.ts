import type { StoredRecord } from '../ports/log/log.ts';
import { letterSentAgain } from '../schemas/dead-letter.ts';
import type { Frame } from '../schemas/types.ts';
import { builtInConfiguration, type Configuration, newerOf } from './configuration.ts';
import { type Erased, isEverything, isWithin } from './forget.ts';
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

/** What is known of a frame when it is its turn: of one that is redriven, what its control says. */
export type TurnFrame = Pick<
  Frame,
  'frame_id' | 'device_id' | 'epoch' | 'seq' | 'captured_at' | 'time_quality' | 'lane' | 'blob_key'
> & {
  /** What was stored; null where whatever is there now is to be taken. */
  readonly size_bytes: number | null;
  readonly sha256: Buffer | null;
};

/** A frame that waits for those before it, with the record it came in. */
export interface Held {
  readonly frame: TurnFrame;
  readonly record: StoredRecord;
  /** It had its turn before, or should have had it, and was sent again by somebody. */
  readonly redriven: boolean;
}

export type Turn = {
  readonly deviceId: string;
  readonly configuration: Configuration;
  /** What follows from the turn carries on its trace. */
  readonly record: StoredRecord;
} & (
  | { readonly kind: 'frame'; readonly frame: TurnFrame; readonly redriven: boolean }
  | { readonly kind: 'configuration'; readonly former: Configuration }
  | { readonly kind: 'tick'; readonly atMs: number }
  | { readonly kind: 'erase'; readonly erased: Erased }
);

/** By a control; or its record could not be read before, and was sent again, mended, just as late. */
export function isRedriven({ kind }: Pick<DeviceInput, 'kind'>, record: StoredRecord): boolean {
  return kind === 'redrive' || (kind === 'frame' && letterSentAgain(record) !== null);
}

export const newLine: Line = { configuration: builtInConfiguration, seen: noSeqs, waiting: nothingHeld };

export type DeviceInput = Exclude<Input, { readonly kind: 'poison' | 'ignored' }>;

export function lineUp(line: Line, input: DeviceInput, record: StoredRecord): readonly [Line, readonly Turn[]] {
  const { deviceId } = input;
  const { configuration, seen } = line;
  const due = (released: readonly Held[]) =>
    released.map(
      ({ frame, record, redriven }): Turn => ({ kind: 'frame', deviceId, frame, record, redriven, configuration }),
    );
  switch (input.kind) {
    case 'frame': {
      const { frame } = input;
      if (hasSeen(seen, frame.epoch, frame.seq)) return [line, []];
      const [waiting, released] = takeIn(line.waiting, { frame, record, redriven: isRedriven(input, record) });
      return [{ ...line, waiting, seen: withSeen(seen, frame.epoch, frame.seq) }, due(released)];
    }
    case 'redrive': {
      // Like a frame that comes now, save that it has been seen, and so may come again. Nobody loses their place by it.
      const [waiting, released] = takeIn(line.waiting, { frame: input.frame, record, redriven: true });
      return [{ ...line, waiting }, due(released)];
    }
    case 'configuration': {
      const newer = newerOf(configuration, input.configuration);
      // One that changes nothing releases nothing either: a second copy must make no difference.
      if (newer === configuration) return [line, []];
      const [waiting, released] = releaseAll(line.waiting);
      const turn: Turn = { kind: 'configuration', deviceId, record, configuration: newer, former: configuration };
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
    case 'erase': {
      const { erased } = input;
      const turn: Turn = { kind: 'erase', deviceId, record, configuration, erased };
      if (isEverything(erased)) return [newLine, [turn]];
      // Nobody's place is lost: those outside of the span go on waiting.
      const isKept = ({ frame }: Held) => erased.personId !== null || !isWithin(erased, frame.captured_at);
      const held = line.waiting.held.filter(isKept);
      return [{ ...line, waiting: { ...line.waiting, held } }, [turn]];
    }
  }
}
