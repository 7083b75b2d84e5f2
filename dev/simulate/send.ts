/** One HTTP request, on a connection that is kept: dozens of simulated cameras share two cores with what they feed. */

import { randomBytes } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface Sent {
  readonly method?: 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly contentType: string;
  /** Gives up at once; what was sent may have arrived all the same. */
  readonly signal?: AbortSignal | undefined;
}

export interface Heard {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** Rejects when no answer came: refused, dropped, or later than the timeout. Any answer at all resolves. */
export type Send = (target: URL, sent: Sent) => Promise<Heard>;

const BODY_BYTES_MAX = 64 * 1024;

export function createSend({
  url,
  timeoutMs,
  verify = true,
}: {
  readonly url: string;
  readonly timeoutMs: number;
  readonly verify?: boolean;
}): Send {
  const secure = new URL(url).protocol === 'https:';
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, rejectUnauthorized: verify })
    : new HttpAgent({ keepAlive: true });
  const request = secure ? httpsRequest : httpRequest;

  return async (target, { method = 'POST', headers = {}, body, contentType, signal }) => {
    const all = {
      'content-type': contentType,
      'content-length': body.length,
      traceparent: newTraceparent(),
      ...headers,
    };
    const { response, text } = await new Promise<{ readonly response: IncomingMessage; readonly text: string }>(
      (resolve, reject) => {
        const sent = request(target, { method, agent, headers: all }, (answered) => {
          readText(answered).then((said) => resolve({ response: answered, text: said }), reject);
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
    return { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], text };
  };
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

function newTraceparent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}
