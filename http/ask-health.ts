/** Run by the container's health check: asks the service beside it whether it can do its work. */
const WAIT_MAX_MS = 4_000;

const url = `http://127.0.0.1:${process.env.PORT}/readyz`;
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(WAIT_MAX_MS) });
  // What is shown by `docker inspect`: the checks, and what each of them says.
  console.log(`${url} ${answer.status} ${await answer.text()}`);
  process.exitCode = answer.ok ? 0 : 1;
} catch (error) {
  console.log(`${url} does not answer: ${(error as Error).message}`);
  process.exitCode = 1;
}
