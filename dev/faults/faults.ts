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
  begin(installation: Installation): Promise<void>;
  end(installation: Installation): Promise<void>;
}

const SPOILT_FPS = 0.2;

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
