/** The service's answers, or what to say when there are none. */

export const ANSWER_MAX_MS = 10_000;

/** With the time of the answer by the service's clock, and the time it came by this browser's; they may differ. */
export async function ask() {
  try {
    const [status, events] = await Promise.all([get('/api/status'), get('/api/events?page_size=20')]);
    return { status, events, atMs: Date.parse(status.now), cameMs: Date.now() };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

/** Not by a relative URL: that would take over a password from the page's own, and fetch refuses such. */
async function get(path) {
  const signal = AbortSignal.timeout(ANSWER_MAX_MS);
  const response = await fetch(new URL(path, location.origin), { cache: 'no-store', signal });
  if (!response.ok) throw response;
  return await response.json();
}

function problemOf(error) {
  if (error instanceof SyntaxError) return 'Something else answers in place of the service';
  if (!(error instanceof Response)) return 'The service does not answer';
  if (error.status === 401) return 'You are signed out: reload this page to sign in';
  return `The service answers with an error (${error.status})`;
}
