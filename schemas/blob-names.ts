/** What a picture's name says of what it is a picture of. The names are given by ingest, snapshots and retention. */
export type NamedBlob =
  /** Of an event that began then. */
  | { readonly kind: 'snapshot'; readonly deviceId: string; readonly occurredAtMs: number | null }
  | {
      readonly kind: 'frame';
      readonly deviceId: string;
      /** Null for an upload, of which the stated milliseconds are known. */
      readonly identity: { readonly epoch: number; readonly seq: number } | null;
      readonly statedMs: number | null;
    };

const DEVICE = '([A-Za-z0-9][A-Za-z0-9._-]{0,63})';
const DAY = '\\d{4}/\\d\\d/\\d\\d';
const UPLOAD = new RegExp(`^images/${DEVICE}/(\\d{1,15})(-[\\da-f]+)?\\.jpg$`);
const FRAME = new RegExp(
  `^devices/${DEVICE}/${DAY}/frame-(\\d{1,9})-(\\d{1,16})(-[\\da-f]+|\\.small-[\\da-f]{8})?\\.jpg$`,
);
/** Put in place by the device itself; epoch 1 is not told. */
const OBJECT = new RegExp(`^devices/${DEVICE}/${DAY}/(\\d{1,16})-(?:e(\\d{1,9})-)?[^/]+$`);
const SNAPSHOT = new RegExp(`^snapshots/${DEVICE}/([^/]+)/([^/]+)\\.png$`);
const BEGUN = /_(\d\d)(\d\d)(\d\d)_(\d\d\d)\d{3,}$/;

/** Null for a name that we never give. */
export function readBlobName(key: string): NamedBlob | null {
  const [, uploader, statedMs] = UPLOAD.exec(key) ?? [];
  if (uploader !== undefined) return { kind: 'frame', deviceId: uploader, identity: null, statedMs: Number(statedMs) };
  const [, sender, sentEpoch, sentSeq] = FRAME.exec(key) ?? [];
  if (sender !== undefined) return numbered(sender, sentEpoch, sentSeq);
  const [, putter, seq, epoch = '1'] = OBJECT.exec(key) ?? [];
  if (putter !== undefined) return numbered(putter, epoch, seq);
  const [, drawn, date = '', name = ''] = SNAPSHOT.exec(key) ?? [];
  return drawn === undefined ? null : { kind: 'snapshot', deviceId: drawn, occurredAtMs: begunMs(date, name) };
}

function begunMs(date: string, name: string): number | null {
  const [, hour, minute, second, millisecond] = BEGUN.exec(name) ?? [];
  const ms = Date.parse(`${date}T${hour}:${minute}:${second}.${millisecond}Z`);
  return Number.isNaN(ms) ? null : ms;
}

function numbered(deviceId: string, epoch: string | undefined, seq: string | undefined): NamedBlob {
  return { kind: 'frame', deviceId, identity: { epoch: Number(epoch), seq: Number(seq) }, statedMs: null };
}
