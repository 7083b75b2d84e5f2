import { randomBytes } from 'node:crypto';

/** What docker-compose.yml refuses to start without; letters, digits, - and _ only, so that it fits into a URL. */
export const secrets: Readonly<Record<string, { readonly meaning: string; readonly make: () => string }>> = {
  POSTGRES_PASSWORD: {
    meaning: 'The owner of the database. TimescaleDB takes it when its volume is made, and only then.',
    make: () => secret(24),
  },
  S3_ACCESS_KEY_ID: { meaning: 'The one account of the S3 server.', make: () => randomBytes(10).toString('hex') },
  S3_SECRET_ACCESS_KEY: { meaning: 'Its secret.', make: () => secret(30) },
  SERVER_SECRET: {
    meaning: 'Signs what people and devices show to be let in. Another one signs everybody out.',
    make: () => secret(32),
  },
  ADMIN_PASSWORD: { meaning: 'The console: user admin. Set anew at each start.', make: () => secret(18) },
  GRAFANA_ADMIN_PASSWORD: {
    meaning: 'Grafana, at /grafana/: user admin. Grafana takes it when its volume is made, and only then.',
    make: () => secret(18),
  },
  GRAFANA_READER_PASSWORD: {
    meaning: 'What Grafana reads the database with. Set anew at each start.',
    make: () => secret(24),
  },
};

/** What may be changed besides, with the defaults of docker-compose.yml. */
export const choices: Readonly<Record<string, { readonly meaning: string; readonly byDefault: string }>> = {
  FRONT_BIND: {
    meaning: 'The address the front listens on; 0.0.0.0 for devices and people elsewhere.',
    byDefault: '127.0.0.1',
  },
  FRONT_PORT: { meaning: 'Its port. A public certificate needs 443.', byDefault: '8443' },
  FRONT_NAME: {
    meaning: 'The name in its certificate: a public one is certified publicly, any other by an authority of its own.',
    byDefault: 'localhost',
  },
  FRONT_SUBNET: {
    meaning: 'The network between the front and the services. Another one where this is taken.',
    byDefault: '10.231.151.0/24',
  },
  LOG_LEVEL: { meaning: 'Of our services.', byDefault: 'info' },
  KAFKA_PARTITIONS: { meaning: 'Of each topic when it is made: more than you will run processors.', byDefault: '12' },
  ALERTMANAGER_CONFIG: {
    meaning: 'Whom alerts are sent to: nobody, until you name a file of your own.',
    byDefault: './ops/alertmanager/alertmanager.yml',
  },
  SERVER_SECRET_BEFORE: { meaning: 'What SERVER_SECRET was before, while devices still need it.', byDefault: '' },
  DEVICES_MAX: { meaning: 'This and the rest: see .env.example; empty for what it says.', byDefault: '' },
  FRAME_BYTES_MAX: { meaning: 'The largest picture accepted.', byDefault: '' },
  REQUEST_BYTES_MAX: { meaning: 'The largest request with many pictures.', byDefault: '' },
  IN_FLIGHT_BYTES_MAX: { meaning: 'Bytes of pictures being received at once.', byDefault: '' },
  DEVICE_RATE: { meaning: 'Requests a second of one device.', byDefault: '' },
  OWNER_RATE: { meaning: "Of all of one user's devices.", byDefault: '' },
  ADDRESS_RATE: { meaning: 'From one address.', byDefault: '' },
  PUBLIC_URL: { meaning: 'Where devices reach the front, if not by the name they use.', byDefault: '' },
  UPLOAD_VIA: { meaning: 's3: devices of the two-step dialect put pictures at the S3 server.', byDefault: '' },
  PUBLIC_S3_URL: { meaning: 'Where they reach that server, which must then be published.', byDefault: '' },
  HEARTBEAT_INTERVAL_S: {
    meaning: 'How often a device is to be heard; after three of these it is offline.',
    byDefault: '',
  },
  DISK_FREE_MIN_BYTES: { meaning: 'With less free, frames are turned away; 0: never.', byDefault: '' },
  DISK_LOW_BYTES: { meaning: 'A disk with less free is low.', byDefault: '' },
  DISK_LOW_SHARE: { meaning: 'So is one of which less than this share is free.', byDefault: '' },
  PROCESSOR_BATCH: { meaning: 'Frames of a partition analysed together.', byDefault: '' },
  PROCESSOR_DEVICE_BATCH: { meaning: 'Of these, of one device.', byDefault: '' },
  PROCESSOR_CYCLE_S: { meaning: 'Seconds between two batches of a partition, for batch work.', byDefault: '' },
  PROCESSOR_ATTEMPTS: { meaning: 'How often a frame is tried whose picture cannot be had.', byDefault: '' },
  PROCESSOR_FLOOD: { meaning: 'pass: a partition goes on though most of it becomes dead letters.', byDefault: '' },
  DECODERS_MAX: { meaning: 'Pictures decoded at once by a processor.', byDefault: '' },
  MODEL_PATH: { meaning: 'Another detector, such as models/yolox-nano.onnx.', byDefault: '' },
  DETECTOR_THREADS: { meaning: 'Threads that look at one picture.', byDefault: '' },
  AGGREGATOR_BATCH: { meaning: 'Records of a partition written together.', byDefault: '' },
  FRAMES_KEEP: { meaning: 'analysed: pictures go as soon as they are analysed.', byDefault: '' },
  RETENTION_FRAMES_H: {
    meaning: 'Hours that pictures are kept; 0 here and below: for ever. docs/retention.md.',
    byDefault: '',
  },
  FRAMES_DOWNSCALE_H: { meaning: 'Hours after which pictures are made smaller; 0: never.', byDefault: '' },
  FRAMES_DOWNSCALE_WIDTH: { meaning: 'How wide these are at most.', byDefault: '' },
  RETENTION_CAPTURES_H: { meaning: 'Hours that what is known of each frame is kept.', byDefault: '' },
  RETENTION_STAGING_H: { meaning: 'Hours that a picture waits that no frame is made of.', byDefault: '' },
  RETENTION_OBSERVATIONS_H: { meaning: 'Hours that it is known what was seen in each frame.', byDefault: '' },
  RETENTION_SNAPSHOTS_D: { meaning: 'Days that drawn pictures are kept.', byDefault: '' },
  RETENTION_EVENTS_D: { meaning: 'Days that events are kept.', byDefault: '' },
  RETENTION_VISITS_D: { meaning: 'Days that visits are kept.', byDefault: '' },
  RETENTION_ROLLUPS_D: { meaning: 'Days that sums by the hour are kept.', byDefault: '' },
  RETENTION_UNANALYSED_D: { meaning: 'Days that a frame waits that nobody analyses.', byDefault: '' },
  RETENTION_CLAIMS_D: { meaning: 'Days that a frame that is sent again is known.', byDefault: '' },
  RETENTION_DEAD_LETTERS_D: { meaning: 'Days that dead letters are kept.', byDefault: '' },
  RETENTION_OUTCOMES_D: { meaning: 'Days that it is known what became of what devices sent.', byDefault: '' },
  RETENTION_AUDIT_D: { meaning: 'Days that it is known who has changed what.', byDefault: '' },
  ENABLE_SNAPSHOTS: { meaning: 'false: no pictures are drawn of events.', byDefault: '' },
  SNAPSHOT_TYPES: { meaning: 'Of which types of events, by commas.', byDefault: '' },
  SNAPSHOTS_BLUR_PEOPLE: { meaning: 'true: people are made coarse blocks in drawn pictures.', byDefault: '' },
  SNAPSHOTS_BATCH: { meaning: 'Events of a partition drawn together.', byDefault: '' },
  DRAWINGS_MAX: { meaning: 'Snapshots drawn at once.', byDefault: '' },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    meaning: 'Where spans are sent, such as http://jaeger:4318. docs/tracing.md.',
    byDefault: '',
  },
  OTEL_EXPORTER_OTLP_HEADERS: { meaning: 'What is sent along, as name=value by commas.', byDefault: '' },
  OTEL_RESOURCE_ATTRIBUTES: { meaning: 'What spans say of where they are from, likewise.', byDefault: '' },
  OTEL_TRACES_SAMPLER: { meaning: 'Which traces are looked at.', byDefault: '' },
  OTEL_TRACES_SAMPLER_ARG: { meaning: 'Of which share, with a traceidratio.', byDefault: '' },
  OTEL_SDK_DISABLED: { meaning: 'true: no spans, whatever else is said.', byDefault: '' },
};

interface Completed {
  readonly text: string;
  readonly made: readonly string[];
  readonly kept: readonly string[];
}

/** The env file with what it lacks; what it has stays as it is, to the letter. */
export function completeEnvFile(before: string | null): Completed {
  const kept = Object.keys(secrets).filter((name) => hasValue(before ?? '', name));
  const made = Object.entries(secrets)
    .filter(([name]) => !kept.includes(name))
    .map(([name, { meaning, make }]) => ({ name, lines: `# ${meaning}\n${name}=${make()}\n` }));
  const added = made.map(({ lines }) => `\n${lines}`).join('');
  const text = before === null ? HEAD + added + listOfChoices() : withLineEnd(before) + added;
  return { text, made: made.map(({ name }) => name), kept };
}

const HEAD = `# For docker compose --env-file: written by \`npm run secrets\`, which adds what is missing and changes nothing else.
# Keep a copy in a safe place: without it, what the volumes hold cannot be read.
# Values of your own: letters, digits, - and _ only.
`;

function listOfChoices(): string {
  const lines = Object.entries(choices).map(
    ([name, { meaning, byDefault }]) => `\n# ${meaning}\n#${name}=${byDefault}\n`,
  );
  return `\n# What may be changed where the default does not fit.\n${lines.join('')}`;
}

/** Of a name that is there twice the last one counts, as it does for compose; so what is added wins over an empty one. */
function hasValue(text: string, name: string): boolean {
  const lines = text.matchAll(new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=(.*)$`, 'gm'));
  return !/^\s*(''|"")?\s*$/.test([...lines].at(-1)?.[1] ?? '');
}

function withLineEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function secret(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}
