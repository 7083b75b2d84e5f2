/** What the cameras of a run see, and when: each a room of its own, or all the same clip. */

import { evenTimes } from './camera.ts';
import { type ClipOptions, readClip, readTimes } from './clip.ts';
import { createScene } from './scene.ts';

export interface Footage {
  /** When pictures are taken, in ms from the camera's start. */
  readonly timesMs: readonly number[];
  openView(deviceId: string): View;
}

/** One camera's way through the pictures. */
export interface View {
  /** The next one: indexes from 0 on, none left out. */
  readonly render: (frameIndex: number) => Promise<Buffer>;
  close(): Promise<void>;
}

export function createRooms({
  seed,
  fps,
  seconds,
}: {
  readonly seed: number;
  readonly fps: number;
  readonly seconds: number;
}): Footage {
  return {
    timesMs: evenTimes({ frameCount: Math.max(1, Math.round(seconds * fps)), fps }),
    openView: (deviceId) => ({
      render: createScene({ seed, camera: deviceId, fps }).render,
      close: async () => undefined,
    }),
  };
}

/** Rejects with what is wrong with the clip. */
export async function openClip(options: ClipOptions): Promise<Footage> {
  const timesMs = await readTimes(options);
  return {
    timesMs,
    openView: () => {
      const pictures = readClip(options);
      return {
        async render(frameIndex) {
          const next = await pictures.next();
          // When its times were read, ffmpeg saw the same file.
          if (next.done || next.value.atMs !== timesMs[frameIndex])
            throw new Error(`${options.file} has changed meanwhile`);
          return next.value.jpeg;
        },
        close: async () => {
          await pictures.return(undefined);
        },
      };
    },
  };
}
