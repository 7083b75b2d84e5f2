import { mkdirSync } from 'node:fs';
import { describeServices } from '../crash/describe-services.ts';
import { createDeath, untilReady } from '../crash/service-process.ts';
import { evenTimes, runCamera } from '../simulate/camera.ts';
import { enrol } from '../simulate/enrol.ts';
import { createScene } from '../simulate/scene.ts';
import { createUploader } from '../simulate/upload.ts';
import type { Server } from '../stack/server-process.ts';
import { startServers } from '../stack/start-servers.ts';

export const PASSWORD = 'only-for-this-run';
const PARTITIONS = 2;
const LISTENERS_MAX = 40;
/** A machine may have much else to do. */
const READY_WITHIN_MS = 200_000;
const FRAMES_MAX = 100_000;
/** By the names that their jobs have in Prometheus. */
const SERVICES = {
  ingest: 'ingest/main.ts',
  processor: 'processor/main.ts',
  aggregator: 'aggregator/main.ts',
  console: 'console/main.ts',
  snapshots: 'snapshots/main.ts',
} as const;
type ServiceName = keyof typeof SERVICES;

/** The production profile as processes of this machine, in which one thing goes wrong. */
export interface Installation {
  readonly urls: Readonly<Record<ServiceName, { readonly url: string }>>;
  /** Below which all lies that it keeps. */
  readonly folder: string;
  readonly database: Server;
  readonly log: Server;
  readonly blobs: Server;
  /** Between all cameras and ingest. */
  readonly network: { cut(): void; mend(): void };
  start(name: ServiceName): Promise<void>;
  stop(name: ServiceName): Promise<void>;
  /** A camera that sends until the signal, each picture until it is taken. */
  runCamera(sent: SentFrames): Promise<void>;
  close(): Promise<void>;
  /** Rejects should something end that nobody has ended. */
  readonly died: Promise<never>;
}

export interface SentFrames {
  readonly deviceId: string;
  readonly fps: number;
  readonly signal: AbortSignal;
  /** What becomes of a picture on its way; nothing, if it is not said. */
  readonly spoil?: (jpeg: Buffer) => Buffer;
}

/** Resolves when all of it is ready. */
export async function startInstallation({
  folder,
  settings = {},
  say = () => undefined,
}: {
  readonly folder: string;
  /** What all services are told besides. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly say?: (line: string) => void;
}): Promise<Installation> {
  mkdirSync(folder, { recursive: true });
  const { died, tell } = createDeath();
  const stack = await startServers({ folder, say, onDeath: (why) => tell(new Error(why)) });
  const own = { KAFKA_PARTITIONS: String(PARTITIONS), ADMIN_PASSWORD: PASSWORD, LOG_LEVEL: 'warn' };
  const env = { ...stack.env, ...own, ...settings };
  const services = await describeServices(SERVICES, { folder, env, onDied: tell });
  // Each of the processes is ended with this one.
  process.setMaxListeners(Math.max(process.getMaxListeners(), LISTENERS_MAX));
  const all = Object.values(services);

  const close = async () => {
    await Promise.all(all.map((one) => one.process.stop()));
    await stack.stop();
  };
  const start = async (names: readonly ServiceName[]) => {
    for (const name of names) services[name].process.start();
    await Promise.race([Promise.all(names.map((name) => untilReady(services[name].url, READY_WITHIN_MS))), died]);
  };
  try {
    say('starting the services');
    // The others wait for its tables, and for longer each time.
    await start(['aggregator']);
    await start(['ingest', 'processor', 'console', 'snapshots']);
  } catch (error) {
    await close();
    throw error;
  }

  let isCut = false;
  return {
    urls: services,
    folder,
    database: stack.postgres,
    log: stack.kafka,
    blobs: stack.s3,
    network: {
      cut: () => {
        isCut = true;
      },
      mend: () => {
        isCut = false;
      },
    },
    died,
    close,

    start: (name) => start([name]),
    stop: (name) => services[name].process.stop(),

    async runCamera({ deviceId, fps, signal, spoil = (jpeg) => jpeg }) {
      const { url } = services.ingest;
      const tokens = await enrol({ url, consoleUrl: services.console.url, password: PASSWORD, deviceIds: [deviceId] });
      const send = createUploader({ url, timeoutMs: 5_000, tokens });
      const scene = createScene({ seed: 1, camera: deviceId, fps });
      await runCamera({
        deviceId,
        timesMs: evenTimes({ frameCount: FRAMES_MAX, fps }),
        startMs: Date.now(),
        render: async (frameIndex) => spoil(await scene.render(frameIndex)),
        upload: async (frame) => {
          if (isCut) throw new Error('the network is cut');
          return send(frame);
        },
        pace: 'real-time',
        duplicateShare: 0,
        signal,
      });
    },
  };
}
