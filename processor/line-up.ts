import type { StoredRecord } from '../ports/log/log.ts';
import type { Frame } from '../schemas/types.ts';
import { builtInConfiguration, type Configuration, newerOf } from './configuration.ts';
import type { Input } from './read-input.ts';
import { hasSeen, noSeqs, type SeenSeqs, withSeen } from './seen-seqs.ts';

/**
 * Whose turn it is, decided from a device's records alone, before any picture is fetched: second copies are dropped,
 * and each frame gets the configuration of its place (promises 2 and 4). Pure; what is done with a frame whose turn
 * it is, device-step.ts says.
 */
export interface Line {
  readonly configuration: Configuration;
  readonly seen: SeenSeqs;
}

export type Turn =
  | {
      readonly kind: 'frame';
      readonly frame: Frame;
      readonly record: StoredRecord;
      readonly configuration: Configuration;
    }
  | { readonly kind: 'configuration'; readonly record: StoredRecord; readonly configuration: Configuration };

export const newLine: Line = { configuration: builtInConfiguration, seen: noSeqs };

export type DeviceInput = Exclude<Input, { readonly kind: 'poison' | 'ignored' }>;

export function lineUp(line: Line, input: DeviceInput, record: StoredRecord): readonly [Line, readonly Turn[]] {
  if (input.kind === 'configuration') {
    const configuration = newerOf(line.configuration, input.configuration);
    if (configuration === line.configuration) return [line, []];
    return [{ ...line, configuration }, [{ kind: 'configuration', record, configuration }]];
  }
  const { frame } = input;
  const { configuration, seen } = line;
  if (hasSeen(seen, frame.epoch, frame.seq)) return [line, []];
  return [{ ...line, seen: withSeen(seen, frame.epoch, frame.seq) }, [{ kind: 'frame', frame, record, configuration }]];
}
