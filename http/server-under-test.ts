import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Tracing } from '../ports/tracing/tracing.ts';
import { createServer, type Server } from './server.ts';

interface Line {
  readonly level: number;
  readonly [name: string]: unknown;
}

/** A server for tests, with the lines that it logs. */
export function createTestServer(addRoutes: (app: Server) => void = () => {}, tracing: Tracing | null = null) {
  const lines: Line[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const app = createServer({ logger, metrics: new Registry(), tracing });
  addRoutes(app);
  return { app, lines };
}
