import { type RequestOptions, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { text } from 'node:stream/consumers';

/** Run by the container's health check: asks the service beside it whether it can do its work. */
const WAIT_MAX_MS = 4_000;

const secure = Boolean(process.env.TLS_CERT_FILE?.trim());
const url = `${secure ? 'https' : 'http'}://127.0.0.1:${process.env.PORT}/readyz`;
try {
  const { ok, status, body } = await ask();
  // What is shown by `docker inspect`: the checks, and what each of them says.
  console.log(`${url} ${status} ${body}`);
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  console.log(`${url} does not answer: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function ask(): Promise<{ readonly ok: boolean; readonly status: number; readonly body: string }> {
  const options: RequestOptions = { signal: AbortSignal.timeout(WAIT_MAX_MS) };
  // Its certificate is for the names by which others know the service, and 127.0.0.1 need not be one. Nothing secret
  // is asked or told here, the way does not leave the container, and the certificate's file may already hold the next
  // one; so whose it is does not matter, for this one question.
  const request = secure ? requestSecure(url, { ...options, rejectUnauthorized: false }) : requestPlain(url, options);
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (answer) => {
      const status = answer.statusCode ?? 0;
      text(answer).then((body) => resolve({ ok: status >= 200 && status < 300, status, body }), reject);
    });
    request.end();
  });
}
