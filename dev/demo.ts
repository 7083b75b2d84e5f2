import type { Logger } from 'pino';
import type { Pairings } from '../http/access/devices/pairings.ts';
import { evenTimes, runCamera } from './simulate/camera.ts';
import { enrolHere } from './simulate/enrol-here.ts';
import { createScene } from './simulate/scene.ts';
import { createUploader } from './simulate/upload.ts';

const CAMERAS = ['demo-door', 'demo-aisle', 'demo-desk'];
const FPS = 5;
const ROUND_SECONDS = 600;

/** Three simulated cameras that send to this very service until it stops. */
export async function runDemo(
  { url, pairings, logger }: { readonly url: string; readonly pairings: Pairings; readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  const tokens = await enrolHere(pairings, CAMERAS);
  // From this process to itself: there is nobody in between whom a certificate would keep out, and ours need not be for
  // the address at which it listens.
  const upload = createUploader({ url, timeoutMs: 15_000, tokens, verify: false });
  const run = async (deviceId: string) => {
    // In rounds, since a camera's report grows with every frame; each brings another room and other visitors.
    for (let round = 1; !signal.aborted; round += 1) {
      await runCamera({
        deviceId,
        timesMs: evenTimes({ frameCount: FPS * ROUND_SECONDS, fps: FPS }),
        startMs: Date.now(),
        render: createScene({ seed: round, camera: deviceId, fps: FPS }).render,
        upload,
        pace: 'real-time',
        signal,
        duplicateShare: 0,
        onRetry: (reason) => logger.info({ device: deviceId, reason }, 'a simulated camera tries again'),
      });
    }
  };
  await Promise.all(CAMERAS.map(run));
}
