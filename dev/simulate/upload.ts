/** One frame over HTTP, as a device sends it. */

import { below } from './below.ts';
import { type Dialect, dialects, type UploadFrame } from './dialects.ts';
import { createSend, type Heard } from './send.ts';

export interface UploadAnswer {
  readonly status: number;
  /** Null where the answer names none, as errors do. */
  readonly itemId: string | null;
  readonly duplicate: boolean;
  readonly retryAfterMs?: number;
  /** The body of an answer other than 2xx. */
  readonly problem?: string;
}

/** Rejects when no answer came: refused, dropped, or later than the timeout. Any answer at all resolves. */
export type Upload = (frame: UploadFrame) => Promise<UploadAnswer>;

export interface UploaderOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly tokens: ReadonlyMap<string, string>;
  /** Whether an HTTPS server has to show whose it is. */
  readonly verify?: boolean;
  readonly dialectOf?: (deviceId: string) => Dialect;
}

export function createUploader(options: UploaderOptions): Upload {
  const { url, tokens, dialectOf = () => 'upload' } = options;
  const send = createSend(options);

  return async (frame) => {
    const { deviceId, signal } = frame;
    const headers = { 'x-device-token': tokens.get(deviceId) ?? '' };
    const heard = await dialects[dialectOf(deviceId)](
      (path, sent) => send(below(url, path), { ...sent, headers, signal }),
      frame,
    );
    return readAnswer(heard);
  };
}

function readAnswer({ status, retryAfter, text }: Heard): UploadAnswer {
  const waits = readRetryAfter(retryAfter);
  const retry = waits === undefined ? {} : { retryAfterMs: waits };
  if (status < 200 || status > 299) return { status, itemId: null, duplicate: false, ...retry, problem: text };
  const { item_id: itemId, status: said } = readJson(text);
  return { status, itemId: typeof itemId === 'string' ? itemId : null, duplicate: said === 'duplicate', ...retry };
}

function readJson(text: string): { readonly item_id?: unknown; readonly status?: unknown } {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** Seconds, or a date, as RFC 9110 has it. */
function readRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
}
