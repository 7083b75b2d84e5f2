import type { Logger } from 'pino';
import type { Clock } from '../ports/clock/clock.ts';
import type { Log } from '../ports/log/log.ts';
import type { Codec } from '../schemas/codec.ts';
import type { Frame } from '../schemas/types.ts';
import type { Told } from './attempts.ts';

/**
 * Says how a frame's analysis stands while its batch is not committed, and so outside the batch's transaction. Nobody
 * waits for it, and a record that is lost does no harm: the observation or the dead letter says what came of the frame.
 */
export function createTellAttempt({
  log,
  codec,
  clock,
  logger,
}: {
  readonly log: Pick<Log, 'append'>;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'debug'>;
}): (frame: Frame, told: Told) => void {
  return ({ frame_id, device_id, epoch, seq, captured_at, lane }, told) => {
    const of = { frame_id, device_id, epoch, seq, captured_at, lane };
    const value = codec.encode('attempt', { ...of, ...told, at: clock.nowMs() });
    log.append('observations', [{ key: device_id, value }]).catch((error: unknown) => {
      logger.debug({ device: device_id, frame: frame_id, error }, 'an attempt could not be told');
    });
  };
}
