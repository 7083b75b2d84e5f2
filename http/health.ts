import { Gauge, type Registry } from 'prom-client';
import type { Server } from './typed-server.ts';

/** Resolves when all is well, rejects with what is not. */
type Checks = Readonly<Record<string, () => Promise<void>>>;

interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly error?: string;
}

interface Health {
  /** What must answer before requests make sense. */
  readonly ready: Checks;
  readonly checkMaxMs?: number;
  readonly metrics: Registry;
}

const ERROR_CHARS_MAX = 200;

/** `/livez` says whether to restart this process, `/readyz` whether to send it requests; metrics say the same to Prometheus. */
export function registerHealth(app: Server, { ready, checkMaxMs = 2_000, metrics }: Health): void {
  const isReady = createProbe(ready, checkMaxMs);
  new Gauge({
    name: 'passerby_reached',
    help: 'Whether what this process needs answered it (1) or did not (0), as of now.',
    labelNames: ['server'],
    registers: [metrics],
    async collect() {
      for (const { name, ok } of await isReady()) this.set({ server: name }, ok ? 1 : 0);
    },
  });
  app.get('/livez', (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const checks = await isReady();
    const ok = checks.every((check) => check.ok);
    return reply
      .code(ok ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ok ? 'ok' : 'failing', checks });
  });
}

/**
 * Runs all checks at once. Of each there is at most one under way: whoever asks meanwhile gets that one's outcome,
 * which, for one that hangs, is its failure, until it comes back.
 */
function createProbe(checks: Checks, maxMs: number): () => Promise<CheckResult[]> {
  const underWay = new Map<string, Promise<CheckResult>>();
  const start = (name: string, check: () => Promise<void>): Promise<CheckResult> => {
    const outcome = runCheck({ name, check, maxMs, settled: () => underWay.delete(name) });
    underWay.set(name, outcome);
    return outcome;
  };
  return () => Promise.all(Object.entries(checks).map(([name, check]) => underWay.get(name) ?? start(name, check)));
}

function runCheck({
  name,
  check,
  maxMs,
  settled,
}: {
  readonly name: string;
  readonly check: () => Promise<void>;
  readonly maxMs: number;
  /** The check itself came back, be it long after its outcome was told. */
  readonly settled: () => void;
}): Promise<CheckResult> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const tell = (error?: string) => {
      clearTimeout(timer);
      const ms = Math.round(performance.now() - startedMs);
      resolve({ name, ok: error === undefined, ms, ...(error === undefined ? {} : { error }) });
    };
    const timer = setTimeout(() => tell(`no answer within ${maxMs} ms`), maxMs);
    Promise.resolve()
      .then(check)
      .then(
        () => tell(),
        (error: unknown) => tell(shorten(error)),
      )
      .finally(settled);
  });
}

function shorten(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split('\n', 1)[0]?.slice(0, ERROR_CHARS_MAX) || 'failed';
}
