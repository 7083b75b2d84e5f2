import { Type } from 'typebox';
import { nullable, oneOf, time } from '../../http/answer-types.ts';

/** What the API answers. A `title` is the name that generated clients know a type by. */

const id = (description: string) => Type.String({ format: 'uuid', description });
export const storedTime = (description: string) =>
  Type.String({
    pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}$',
    description: `${description}; UTC, without a zone.`,
    examples: ['2026-05-01T12:00:00.125000'],
  });
export const lane = oneOf(['live', 'backlog'], 'Whether its frames came in time or late.');
export const timeQuality = nullable(Type.String({ description: 'What the time rests on.' }));
const traceId = nullable(Type.String({ description: 'The trace of the request that brought the frame.' }));

export const CAPTURE_STATES = ['queued', 'running', 'done', 'failed', 'dead'] as const;

export const event = Type.Object(
  {
    id: Type.Integer({ description: 'The number that it is asked for by.' }),
    event_id: id('The same in every version.'),
    event_type: Type.String(),
    camera_id: Type.String(),
    timestamp: storedTime('When it happened or began'),
    ended_at: nullable(storedTime('When it ended, null while it lasts')),
    created_at: storedTime('When this version was written'),
    frame_id: nullable(id('The frame that shows it.')),
    frame_number: nullable(Type.Integer({ description: "That frame's number within its epoch." })),
    snapshot_path: nullable(
      Type.String({
        description: 'Where its snapshot lies, below `snapshots/` among the blobs; null while there is none.',
      }),
    ),
    event_data: Type.Unknown({ description: 'What is told of it, by its type.' }),
    version: Type.Integer({ description: 'Grows each time the event is told anew.' }),
    lane,
    time_quality: timeQuality,
    model: nullable(Type.String({ description: 'Of the detector that had a part in it.' })),
    config_version: Type.Integer({
      description: 'Of the configuration by which its device was looked at; 0 is the default.',
    }),
    trace_id: traceId,
  },
  { title: 'Event' },
);

export const capture = Type.Object(
  {
    frame_id: id('The frame.'),
    camera_id: Type.String(),
    epoch: Type.Integer(),
    seq: Type.Integer(),
    frame_number: Type.Integer({ description: 'The same as seq.' }),
    captured_at: storedTime('When it was taken'),
    received_at: nullable(storedTime('When it arrived')),
    time_quality: timeQuality,
    lane,
    state: oneOf(CAPTURE_STATES, 'How far its analysis has come.'),
    attempts: Type.Integer(),
    error: nullable(Type.String()),
    blob_key: nullable(Type.String()),
    size_bytes: nullable(Type.Integer()),
    sha256: nullable(Type.String({ description: 'Of the bytes that lie at blob_key, in hexadecimal.' })),
    width: nullable(Type.Integer()),
    height: nullable(Type.Integer()),
    motion: nullable(Type.Number({ description: 'The share of the picture that moved, 0 to 1.' })),
    trace_id: traceId,
  },
  { title: 'Capture' },
);

export const pageAnswer = {
  total: Type.Integer({ description: 'How many there are on all pages.' }),
  page: Type.Integer(),
  page_size: Type.Integer(),
  has_more: Type.Boolean(),
};

export const eventPage = Type.Object(
  {
    events: Type.Array(event),
    ...pageAnswer,
    total: nullable(
      Type.Integer({
        description: 'How many there are on all pages, exactly; null for a search that takes more than 5 s to count.',
      }),
    ),
    next_cursor: nullable(
      Type.String({ description: 'The `cursor` of the next page, whatever comes meanwhile; null on the last one.' }),
    ),
  },
  { title: 'EventPage' },
);
export const capturePage = Type.Object({ captures: Type.Array(capture), ...pageAnswer }, { title: 'CapturePage' });

const deviceStatus = Type.Object(
  {
    id: Type.String(),
    last_seen_at: nullable(time('When it last sent something.')),
    last_frame_id: nullable(id('The newest frame whose picture can be shown.')),
    last_captured_at: nullable(time('When that was taken.')),
    missing: Type.Integer({ description: 'Seqs that were given out, and never confirmed.' }),
  },
  { title: 'DeviceStatus' },
);

export const lag = Type.Object(
  { group: Type.String(), topic: Type.String(), records: Type.Number(), seconds: Type.Number() },
  { title: 'Lag', description: 'How far a reader of the log is behind.' },
);

export const status = Type.Object(
  {
    now: time("The service's clock."),
    frames_per_minute: Type.Integer(),
    events_per_minute: Type.Integer(),
    dead_letters_last_day: Type.Integer(),
    dead_letters_open: Type.Integer({ description: 'Neither sent again nor given up.' }),
    lag: Type.Array(lag),
    devices: Type.Array(deviceStatus),
  },
  { title: 'Status' },
);
