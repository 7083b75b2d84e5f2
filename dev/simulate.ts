/**
 * Cameras for a system that has none: `npm run simulate`. Feeds the service as devices in the field do, then asks it
 * for its own count, and says whether anything that was acknowledged is missing.
 */

import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { type Arguments, HELP, parseArguments } from './simulate/arguments.ts';
import { capturedCount, runCamera } from './simulate/camera.ts';
import { createCounter, Refused } from './simulate/count.ts';
import { enrol } from './simulate/enrol.ts';
import { createRooms, type Footage, openClip, type View } from './simulate/footage.ts';
import { outcomeLine, progressLine } from './simulate/report.ts';
import { createUploader } from './simulate/upload.ts';

/** Kept here and not in the camera's report, so that a camera that fails half-way is still accounted for. */
interface Device {
  readonly deviceId: string;
  readonly view: View;
  readonly startMs: number;
  /** Cameras are not in step with each other: each begins a little after the one before. */
  readonly offsetMs: number;
  frames: number;
  acknowledged: number;
}

const PROGRESS_MS = 5000;
const UPLOAD_TIMEOUT_MS = 15_000;

const parsed = parseArguments(process.argv.slice(2), process.env);
if (parsed.kind === 'help') {
  console.log(HELP);
} else if (parsed.kind === 'wrong') {
  for (const fault of parsed.faults) console.error(fault);
  console.error('--help shows what there is.');
  process.exitCode = 2;
} else {
  process.exitCode = await simulate(parsed.arguments);
}

async function simulate(given: Arguments): Promise<number> {
  const { fps, url, consoleUrl, seed, atOnce } = given;
  const footage = await openFootage();
  if (typeof footage === 'string') {
    console.error(footage);
    return 1;
  }
  const { timesMs } = footage;
  const durationMs = timesMs.at(-1) ?? 0;
  const counter = createCounter({ url: consoleUrl, password: given.password });
  const tokens = await probe();
  if (typeof tokens === 'string') {
    console.error(tokens);
    return 1;
  }

  // A room takes a moment to paint: all are ready before the clock starts.
  const views = Array.from({ length: given.devices }, (_, index) => {
    const deviceId = `${given.prefix}-${index + 1}`;
    return { deviceId, view: footage.openView(deviceId) };
  });
  const startMs = given.startMs ?? Date.now() - (atOnce ? durationMs : 0);
  const devices = views.map((made, index): Device => {
    const offsetMs = Math.floor((index * 1000) / fps / given.devices);
    return { ...made, startMs: startMs + offsetMs, offsetMs, frames: 0, acknowledged: 0 };
  });
  const rangeOf = (device: Device) => ({
    cameraId: device.deviceId,
    startMs: device.startMs,
    endMs: device.startMs + durationMs,
  });

  // A frame is small and there are many: threads inside one encoding only get in each other's way.
  sharp.concurrency(1);
  const upload = createUploader({ url, timeoutMs: UPLOAD_TIMEOUT_MS, tokens });
  const stop = new AbortController();
  process.once('SIGINT', () => {
    console.error('Stopping; Ctrl-C once more ends at once.');
    stop.abort();
  });

  const beganMs = performance.now();
  const tally = { duplicates: 0, retries: 0, retryReason: '', latenciesMs: [] as number[] };
  const ticker = setInterval(showProgress, PROGRESS_MS);
  const faults = (await Promise.all(devices.map(runDevice))).filter((fault) => fault !== null);
  clearInterval(ticker);
  showProgress();
  for (const fault of faults) console.error(fault);

  const counts = await Promise.all(devices.map(countDevice));
  const acknowledged = sum(devices.map((device) => device.acknowledged));
  const missing = sum(counts.map((counted, index) => Math.max(0, (devices[index]?.acknowledged ?? 0) - counted)));
  const frames = sum(devices.map((device) => device.frames));
  const counted = sum(counts);
  console.log(outcomeLine({ devices: devices.length, frames, acknowledged, counted, missing, ...tally }));
  return missing > 0 || acknowledged === 0 || faults.length > 0 ? 1 : 0;

  /** What there is to see, or why there is nothing. */
  async function openFootage(): Promise<Footage | string> {
    if (given.video === null) return createRooms(given);
    try {
      return await openClip({ file: given.video, fps, widthMax: given.width, secondsMax: given.seconds });
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** The cameras' tokens, or why there is no use in starting. */
  async function probe(): Promise<ReadonlyMap<string, string> | string> {
    try {
      await counter.count({ cameraId: `${given.prefix}-1`, startMs: 0, endMs: 1 });
      const deviceIds = Array.from({ length: given.devices }, (_, index) => `${given.prefix}-${index + 1}`);
      return await enrol({ url, consoleUrl, password: given.password, deviceIds });
    } catch (error) {
      if (!(error instanceof Refused)) {
        return `${consoleUrl} cannot be asked for its count: ${reasonOf(error)}. Is the service started?`;
      }
      if (error.status !== 401) {
        const advice = 'Where the console has an address of its own, name it: --console http://127.0.0.1:8081.';
        return `${consoleUrl} does not answer as expected: ${error.message}\n${advice}`;
      }
      const fault = given.password === undefined ? 'a password is needed' : 'this is not the password';
      return `${consoleUrl} answers 401: ${fault}. The first start prints it; give it as --password or in ADMIN_PASSWORD.`;
    }
  }

  /** Null when all went well, or was stopped. */
  async function runDevice(device: Device): Promise<string | null> {
    try {
      if (!atOnce) await delay(device.offsetMs, undefined, { signal: stop.signal }).catch(() => undefined);
      const { frames } = await runCamera({
        deviceId: device.deviceId,
        timesMs,
        startMs: device.startMs,
        seed,
        render: device.view.render,
        upload,
        pace: atOnce ? 'at-once' : 'real-time',
        signal: stop.signal,
        duplicateShare: given.duplicateShare,
        onAcknowledged: () => {
          device.acknowledged++;
        },
        onAccepted: ({ latencyMs, duplicate }) => {
          tally.latenciesMs.push(latencyMs);
          if (duplicate) tally.duplicates++;
        },
        onRetry: (reason) => {
          tally.retries++;
          tally.retryReason = reason;
        },
      });
      device.frames = frames;
      return null;
    } catch (error) {
      // The frame that failed was captured too.
      device.frames = device.acknowledged + 1;
      return reasonOf(error);
    } finally {
      await device.view.close();
    }
  }

  async function countDevice(device: Device): Promise<number> {
    if (device.acknowledged === 0) return 0;
    try {
      return await counter.waitFor(rangeOf(device), device.acknowledged);
    } catch (error) {
      console.error(`${device.deviceId}: cannot be counted: ${reasonOf(error)}`);
      return 0;
    }
  }

  function showProgress(): void {
    const elapsedMs = performance.now() - beganMs;
    const captured = devices.map((device) => {
      if (device.frames > 0) return device.frames;
      // At once, a camera takes the next picture when the last one is gone.
      if (atOnce) return Math.min(timesMs.length, device.acknowledged + 1);
      return capturedCount(timesMs, elapsedMs - device.offsetMs);
    });
    const acknowledged = sum(devices.map((device) => device.acknowledged));
    console.log(progressLine({ elapsedMs, captured: sum(captured), acknowledged, ...tally }));
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What fetch says is 'fetch failed'; why is in its cause.
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
