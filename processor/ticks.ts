import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../ports/clock/clock.ts';
import { Outage } from '../ports/errors.ts';
import type { Log } from '../ports/log/log.ts';
import type { Codec } from '../schemas/codec.ts';
import { derivedId } from '../schemas/identity.ts';

/**
 * What only time can settle, such as a stay that nobody's next frame ends, a silent device would leave open for ever.
 * So whoever has its partition appends a tick to its frames, which says how far event time has come: by as much as
 * settles the next thing that is open. The step stays without a clock, and what a tick says does not depend on when
 * somebody came to write it.
 *
 * A tick too many is harmless, as from a former owner that does not know yet that it is one: it stands behind all frames
 * that have arrived by then, and what they have settled it leaves alone.
 */
export interface Silence {
  /** The newest moment of event time. */
  readonly newestAtMs: number;
  /** After how much silence a tick would settle something. */
  readonly afterMs: number;
}

export interface Ticks<State> {
  /** A partition's devices, as they have just been read or committed. Which of them have changed, the next look finds. */
  watch(partition: number, devices: ReadonlyMap<string, State>): void;
  /** A partition that was left: whoever has it now ticks for it. */
  forget(partition: number): void;
  run(signal: AbortSignal): Promise<void>;
}

interface Watched<State> {
  readonly state: State;
  readonly silence: Silence | null;
  readonly sinceMs: number;
  /** One tick for each silence: if it settles nothing, another one that says the same would not either. */
  readonly ticked: boolean;
}

interface Committed<State> {
  readonly devices: ReadonlyMap<string, State>;
  readonly atMs: number;
}

const LOOK_EVERY_MS = 500;

export function createTicks<State>({
  log,
  codec,
  clock,
  topic,
  silenceOf,
  logger,
  monotonicMs = () => performance.now(),
  lookEveryMs = LOOK_EVERY_MS,
}: {
  readonly log: Pick<Log, 'append'>;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly topic: string;
  /** Null where nothing is open. */
  silenceOf(state: State): Silence | null;
  readonly logger: Pick<Logger, 'debug' | 'warn' | 'error'>;
  /** What silence is measured by: a clock that is set back would tick nothing for as long, one set forward all at once. */
  readonly monotonicMs?: () => number;
  readonly lookEveryMs?: number;
}): Ticks<State> {
  /** By partition: as of the last commit, and as of the last look. */
  const committed = new Map<number, Committed<State>>();
  const looked = new Map<number, ReadonlyMap<string, Watched<State>>>();

  async function look(partition: number, newest: Committed<State>): Promise<void> {
    const devices = withChanges(looked.get(partition), newest);
    looked.set(partition, devices);
    const lookedAtMs = monotonicMs();
    for (const [deviceId, watched] of devices) {
      const { silence, sinceMs, ticked } = watched;
      if (ticked || silence === null || lookedAtMs - sinceMs < silence.afterMs) continue;
      try {
        await tick(deviceId, silence.newestAtMs + silence.afterMs);
      } catch (error) {
        if (error instanceof Outage) throw error;
        // One device's fault, whatever it is, is not to keep the others from theirs.
        logger.error({ device: deviceId, topic, error }, 'a tick cannot be written; trying again');
        continue;
      }
      devices.set(deviceId, { ...watched, ticked: true });
      // Forgotten meanwhile.
      if (looked.get(partition) !== devices) return;
    }
  }

  async function tick(deviceId: string, at: number): Promise<void> {
    const control_id = derivedId('tick', topic, deviceId, at);
    const body = { kind: 'TickControl', at } as const;
    const value = codec.encode('control', { control_id, device_id: deviceId, issued_at: clock.nowMs(), body });
    await log.append(topic, [{ key: deviceId, value }]);
    logger.debug({ device: deviceId, topic, at }, 'tick');
  }

  function withChanges(
    before: ReadonlyMap<string, Watched<State>> | undefined,
    { devices, atMs }: Committed<State>,
  ): Map<string, Watched<State>> {
    return new Map(
      [...devices].map(([deviceId, state]) => {
        const known = before?.get(deviceId);
        if (known?.state === state) return [deviceId, known];
        const silence = silenceOf(state);
        // What a tick changed leaves the device as silent as it was.
        const isSilentStill = known?.ticked === true && silence?.newestAtMs === known.silence?.newestAtMs;
        // In an outage a partition is opened again and again, each time with states that are equal and not the same.
        const ticked = isSilentStill && silence?.afterMs === known.silence?.afterMs;
        return [deviceId, { state, silence, sinceMs: isSilentStill ? known.sinceMs : atMs, ticked }];
      }),
    );
  }

  return {
    watch: (partition, devices) => void committed.set(partition, { devices, atMs: monotonicMs() }),

    forget(partition) {
      committed.delete(partition);
      looked.delete(partition);
    },

    async run(signal) {
      while (!signal.aborted) {
        try {
          for (const [partition, newest] of committed) await look(partition, newest);
        } catch (error) {
          logger.warn({ topic, error }, 'a tick could not be appended; trying again');
        }
        await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}
