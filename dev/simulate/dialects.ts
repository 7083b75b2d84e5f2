/** The ways in which devices send a frame, each as the requests that it takes. */

import { randomBytes } from 'node:crypto';
import { multipartBody, type Part } from './multipart.ts';
import type { Heard, Sent } from './send.ts';

export interface UploadFrame {
  readonly deviceId: string;
  /** The device's own number for it, which not every dialect tells. */
  readonly seq: number;
  readonly capturedAtMs: number;
  readonly jpeg: Buffer;
  readonly signal?: AbortSignal;
}

/** What a dialect sends by: a path of the service, with the device's token. */
export type Ask = (path: string, sent: Sent) => Promise<Heard>;

export const dialects = {
  /** One file, named for its time. */
  async upload(ask: Ask, { deviceId, capturedAtMs, jpeg }: UploadFrame) {
    const file = { name: 'file', filename: `${capturedAtMs}.jpg`, content: jpeg };
    return ask(`upload?device=${encodeURIComponent(deviceId)}`, multipart([file]));
  },

  /** What is said of the picture, and the picture. */
  async frame(ask: Ask, frame: UploadFrame) {
    return ask('api/v1/ingest/frame', multipart(metaAndImage(frame)));
  },

  /** The same in the form for many. */
  async frames(ask: Ask, frame: UploadFrame) {
    const heard = await ask('api/v1/ingest/frames', multipart(metaAndImage(frame)));
    if (heard.status !== 200) return heard;
    const { results } = JSON.parse(heard.text) as { results: readonly { readonly problem?: { status: number } }[] };
    const [result] = results;
    return { ...heard, status: result?.problem?.status ?? 200, text: JSON.stringify(result) };
  },

  /** Asks where to, puts the picture there, and says that it is there. */
  async put(ask: Ask, { seq, capturedAtMs, jpeg }: UploadFrame) {
    const capturedAt = new Date(capturedAtMs).toISOString();
    const filename = `${capturedAt.replaceAll(':', '-')}.jpg`;
    const place = await ask('devices/upload-url', json({ filename, content_type: 'image/jpeg', seq }));
    if (place.status !== 200) return place;
    const { upload_path: path, object_key: key } = JSON.parse(place.text) as Record<string, string>;
    const stored = await ask((path ?? '').slice(1), { method: 'PUT', contentType: 'image/jpeg', body: jpeg });
    if (stored.status > 299) return stored;
    return ask('devices/ingest', json({ object_key: key, captured_at: capturedAt, seq, ntp_synced: true }));
  },
} as const satisfies Record<string, (ask: Ask, frame: UploadFrame) => Promise<Heard>>;

export type Dialect = keyof typeof dialects;

function json(body: object): Sent {
  return { contentType: 'application/json', body: Buffer.from(JSON.stringify(body)) };
}

function metaAndImage({ deviceId, seq, capturedAtMs, jpeg }: UploadFrame): readonly Part[] {
  const meta = {
    device_id: deviceId,
    capture_ts: new Date(capturedAtMs).toISOString(),
    seq,
    width: 640,
    height: 480,
    jpeg_quality: 80,
    ntp_synced: true,
  };
  return [
    { name: 'meta', content: JSON.stringify(meta) },
    { name: 'image', filename: 'frame.jpg', content: jpeg },
  ];
}

function multipart(parts: readonly Part[]): Sent {
  // 96 random bits do not occur in the picture by chance.
  const boundary = `frame-${randomBytes(12).toString('hex')}`;
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: multipartBody(parts, boundary) };
}
