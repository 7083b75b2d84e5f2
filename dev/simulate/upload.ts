/**
 * One frame over HTTP, as a device sends it: multipart/form-data with a single part. The body is put together by
 * hand and the connection kept, because dozens of simulated cameras share two cores with the service they feed.
 */

import { randomBytes } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

interface UploadFrame {
  readonly deviceId: string;
  readonly capturedAtMs: number;
  readonly jpeg: Buffer;
  /** Gives up at once; the frame may have arrived all the same. */
  readonly signal?: AbortSignal;
}

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

const BODY_BYTES_MAX = 64 * 1024;

export function createUploader({ url, timeoutMs }: { readonly url: string; readonly timeoutMs: number }): Upload {
  const secure = new URL(url).protocol === 'https:';
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const request = secure ? httpsRequest : httpRequest;

  return async ({ deviceId, capturedAtMs, jpeg, signal }) => {
    const target = new URL('upload', url.endsWith('/') ? url : `${url}/`);
    target.searchParams.set('device', deviceId);
    const { contentType, body } = multipart(`${capturedAtMs}.jpg`, jpeg);
    const headers = { 'content-type': contentType, 'content-length': body.length, traceparent: newTraceparent() };

    const answer = await new Promise<{ readonly response: IncomingMessage; readonly text: string }>(
      (resolve, reject) => {
        const sent = request(target, { method: 'POST', agent, headers }, (response) => {
          readText(response).then((text) => resolve({ response, text }), reject);
        });
        // By hand: composed abort signals, one per frame, pile up on the signal that lives as long as the run.
        const giveUp = () => sent.destroy(new Error('stopped'));
        const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
        signal?.addEventListener('abort', giveUp);
        sent.on('close', () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', giveUp);
        });
        sent.on('error', reject);
        if (signal?.aborted) giveUp();
        sent.end(body);
      },
    );
    return readAnswer(answer.response.statusCode ?? 0, answer.response.headers['retry-after'], answer.text);
  };
}

function multipart(fileName: string, jpeg: Buffer) {
  // 96 random bits do not occur in the picture by chance.
  const boundary = `frame-${randomBytes(12).toString('hex')}`;
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${fileName}"\r\nContent-Type: image/jpeg\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), jpeg, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { contentType: `multipart/form-data; boundary=${boundary}`, body };
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    // Read to the end, so that the connection can be used again, but keep no more than an answer needs.
    if (sizeBytes < BODY_BYTES_MAX) chunks.push(chunk);
    sizeBytes += chunk.length;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readAnswer(status: number, retryAfter: string | undefined, text: string): UploadAnswer {
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

function newTraceparent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}
