import { type AcknowledgedFrame, evenTimes, runCamera } from '../simulate/camera.ts';
import { type Dialect, dialects } from '../simulate/dialects.ts';
import { createRandom } from '../simulate/random.ts';
import { createScene } from '../simulate/scene.ts';
import { createUploader } from '../simulate/upload.ts';

export interface CamerasOptions {
  readonly url: string;
  readonly tokens: ReadonlyMap<string, string>;
  readonly seed: number;
  readonly devices: number;
  readonly fps: number;
  readonly seconds: number;
  readonly pace: 'real-time' | 'at-once';
  readonly signal: AbortSignal;
  readonly onAcknowledged: () => void;
}

export interface Acknowledged extends AcknowledgedFrame {
  readonly deviceId: string;
}

export const deviceName = (index: number) => `crash-${index + 1}`;

/** One after the other, so that all are heard. */
function dialectOf(deviceId: string): Dialect {
  const all = Object.keys(dialects) as Dialect[];
  return all[(Number(deviceId.replace('crash-', '')) - 1) % all.length] ?? 'upload';
}

/** A fixed night: both runs of a seed send the very same frames. */
const BASE_MS = Date.UTC(2026, 0, 5, 22, 0, 0);
/** This share of a run is frames from before it, found on the card at the end: the backlog lane. */
const LATE_SHARE = 0.2;
const LATE_BY_MS = 3_600_000;
const DUPLICATE_SHARE = 0.05;
const BROKEN_SHARE = 0.01;

/** Cameras that send live frames, then late ones; some frames twice, some broken. Resolves when all are acknowledged. */
export async function runCameras(options: CamerasOptions): Promise<readonly Acknowledged[]> {
  const { url, seed, fps, seconds, tokens } = options;
  const upload = createUploader({ url, timeoutMs: 15_000, tokens, dialectOf });
  const lateFrames = Math.round(seconds * LATE_SHARE * fps);
  const liveFrames = Math.round(seconds * fps) - lateFrames;

  const send = async (deviceId: string, pass: 'live' | 'late', frameCount: number, startMs: number) => {
    const scene = createScene({ seed, camera: `${deviceId} ${pass}`, fps });
    const { acknowledged } = await runCamera({
      ...options,
      deviceId,
      timesMs: evenTimes({ frameCount, fps }),
      startMs,
      // The numbers go on where the live frames end.
      firstSeq: pass === 'live' ? 1 : liveFrames + 1,
      upload,
      duplicateShare: DUPLICATE_SHARE,
      render: async (frameIndex) => {
        const jpeg = await scene.render(frameIndex);
        const broken = createRandom(seed, deviceId, pass, 'broken', frameIndex).chance(BROKEN_SHARE);
        return broken ? jpeg.subarray(0, Math.floor(jpeg.length / 2)) : jpeg;
      },
    });
    return acknowledged.map((frame) => ({ ...frame, deviceId }));
  };

  const all = await Promise.all(
    Array.from({ length: options.devices }, async (_, index) => {
      const deviceId = deviceName(index);
      const startMs = BASE_MS + index * 37;
      const live = await send(deviceId, 'live', liveFrames, startMs);
      return [...live, ...(await send(deviceId, 'late', lateFrames, startMs - LATE_BY_MS))];
    }),
  );
  return all.flat();
}
