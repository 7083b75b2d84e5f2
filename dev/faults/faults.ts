import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Installation } from '../alerts/installation.ts';

/** Something that really goes wrong in an installation, and the alerts that it has to come to at the shipped times. */
export interface Fault {
  readonly words: string;
  /** So long, in minutes, that each of its alerts fires, and that none is about to. */
  readonly lastsMin: number;
  /** All that fire at its end; nothing else may. */
  readonly alerts: readonly string[];
  /** Whether these are over soon after it is. */
  readonly heals: boolean;
  /** Where given, all that the installation keeps lies on a disk of its own with so many bytes, which takes root to make. */
  readonly diskBytes?: number;
  begin(installation: Installation): Promise<void>;
  end(installation: Installation): Promise<void>;
}

const SPOILT_FPS = 0.2;
const GIB = 2 ** 30;
/** Below DISK_FREE_MIN_BYTES and what the alerts call full; what is written yet must have room. */
const LEFT_BYTES = 56 * 2 ** 20;
const BALLAST = 'ballast';

/** By their names on the command line, and those of the files of what was recorded. */
export function createFaults(): Readonly<Record<string, Fault>> {
  const spoiling = new AbortController();
  let spoilt: Promise<void> | null = null;
  return {
    'processor-stopped': {
      words: 'the only processor is stopped, and started again',
      lastsMin: 5,
      alerts: ['PasserbyDown', 'PasserbyNoProcessor'],
      heals: true,
      begin: (installation) => installation.stop('processor'),
      end: (installation) => installation.start('processor'),
    },
    'processor-away': {
      words: 'the only processor is away for a long time',
      lastsMin: 17,
      alerts: ['PasserbyDown', 'PasserbyNoProcessor', 'PasserbyStuck', 'PasserbyLagging', 'PasserbyLagGrowing'],
      heals: true,
      begin: (installation) => installation.stop('processor'),
      end: (installation) => installation.start('processor'),
    },
    'log-down': {
      words: 'Kafka is stopped, and started again',
      lastsMin: 5,
      alerts: ['PasserbyServerUnreachable', 'PasserbyIngestFailingFast'],
      heals: false,
      begin: ({ log }) => log.stop(),
      end: ({ log }) => log.start(),
    },
    'blobs-down': {
      words: 'the S3 server is stopped, and started again',
      lastsMin: 5,
      alerts: ['PasserbyServerUnreachable', 'PasserbyIngestFailingFast'],
      heals: false,
      begin: ({ blobs }) => blobs.stop(),
      end: ({ blobs }) => blobs.start(),
    },
    'network-cut': {
      words: 'no camera reaches ingest',
      lastsMin: 23,
      alerts: ['PasserbyDeviceOffline', 'PasserbyNoFrames'],
      heals: true,
      begin: async ({ network }) => network.cut(),
      end: async ({ network }) => network.mend(),
    },
    'disk-full': {
      words: 'the disk of everything is filled up, and emptied again',
      lastsMin: 8,
      alerts: ['PasserbyDiskLow', 'PasserbyDiskFull', 'PasserbyFramesTurnedAway', 'PasserbyIngestFailingFast'],
      heals: false,
      diskBytes: 3 * GIB,
      async begin({ folder }) {
        const { bavail, bsize } = statfsSync(folder);
        execFileSync('fallocate', ['-l', String(bavail * bsize - LEFT_BYTES), join(folder, BALLAST)]);
      },
      end: async ({ folder }) => rmSync(join(folder, BALLAST)),
    },
    'database-down': {
      words: 'the database is stopped, and started again',
      lastsMin: 5,
      alerts: ['PasserbyDatabaseDown', 'PasserbyIngestFailingFast'],
      // A share of the last hour is that of an hour; that of five minutes is over sooner, and not so soon.
      heals: false,
      begin: ({ database }) => database.stop(),
      end: ({ database }) => database.start(),
    },
    'broken-pictures': {
      words: 'a second camera sends halves of pictures',
      lastsMin: 3,
      alerts: ['PasserbyDeadLetters'],
      // They are told of for a quarter of an hour.
      heals: false,
      async begin(installation) {
        spoilt = installation.runCamera({
          deviceId: 'broken-camera',
          fps: SPOILT_FPS,
          signal: spoiling.signal,
          spoil: (jpeg) => jpeg.subarray(0, Math.floor(jpeg.length / 2)),
        });
        spoilt.catch(() => undefined);
      },
      async end() {
        spoiling.abort();
        await spoilt;
      },
    },
  };
}
