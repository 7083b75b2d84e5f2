import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { createServer, type Server } from './server.ts';

/** With real sockets: what `inject` cannot show. */
const running: Server[] = [];

async function startServer(timeouts: Parameters<typeof createServer>[0]['timeouts'], addRoutes: (app: Server) => void) {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const metrics = new Registry();
  const app = createServer({ logger, metrics, ...(timeouts ? { timeouts } : {}) });
  addRoutes(app);
  running.push(app);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  return { app, metrics, lines, port: address !== null && typeof address === 'object' ? address.port : 0 };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

/** Sends text as it is, and yields all that came back when the other side closed. */
function exchange(port: number, text: string): Promise<{ answer: string; ms: number }> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve({ answer, ms: performance.now() - startedMs }));
  });
}

function request(
  port: number,
  path: string,
  agent: Agent,
): Promise<{ status: number; connection: string | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const onAnswer = (answer: IncomingMessage) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, connection: answer.headers.connection, text }));
    };
    get({ host: '127.0.0.1', port, path, agent }, onAnswer).on('error', reject);
  });
}

describe('timeouts', () => {
  test('headers that never end cost a connection no longer than their time', async () => {
    const { port } = await startServer({ headersMs: 200, requestMs: 5_000 }, () => {});
    const { answer, ms } = await exchange(port, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    expect(answer).toContain('408 Request Timeout');
    expect(answer).toContain('"code":"too-slow"');
    expect(ms).toBeLessThan(2_000);
  });

  test('so does a body that never ends', async () => {
    const { port } = await startServer({ headersMs: 200, requestMs: 300 }, (app) => app.post('/json', () => 'ok'));
    const { answer, ms } = await exchange(
      port,
      'POST /json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"a"',
    );
    expect(answer).toContain('408 Request Timeout');
    expect(ms).toBeLessThan(2_000);
  });

  test('silence ends a connection', async () => {
    const { port } = await startServer({ silenceMs: 200 }, (app) => app.post('/json', () => 'ok'));
    const { ms } = await exchange(
      port,
      'POST /json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"a"',
    );
    expect(ms).toBeLessThan(2_000);
  });

  test('what is no HTTP is told so', async () => {
    const { port } = await startServer({}, () => {});
    const { answer } = await exchange(port, 'HELLO\r\n\r\n');
    expect(answer).toContain('400 Bad Request');
    expect(answer).toContain('"code":"malformed-request"');
  });
});

test('a caller who hangs up is logged and leaves no request in flight', async () => {
  let arrive = () => {};
  const arrived = new Promise<void>((settle) => {
    arrive = settle;
  });
  const { port, metrics, lines } = await startServer({}, (app) =>
    app.get('/slow', () => {
      arrive();
      return sleep(300, 'done');
    }),
  );
  const socket = connect(port, '127.0.0.1', () => socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n'));
  await arrived;
  socket.destroy();
  const told = () => lines.filter((line) => line.msg === 'request');
  await expect.poll(told, { timeout: 5_000 }).toMatchObject([{ route: '/slow', status: 499 }]);
  expect(await metrics.metrics()).toMatch(/requests_in_flight 0$/m);
});

describe('close', () => {
  test('lets running requests finish, turns new ones away, and waits for no idle connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 2 });
    const { app, port } = await startServer({}, (server) => {
      server.get('/slow', () => sleep(400, 'done'));
      server.get('/fast', () => 'fast');
      // Holds the close up, so that a request can come between its beginning and the end of listening.
      server.addHook('preClose', async () => {
        await sleep(200);
      });
    });
    await request(port, '/fast', agent);
    const slow = request(port, '/slow', agent);
    await sleep(50);
    const startedMs = performance.now();
    const closed = app.close();
    await sleep(50);
    expect(await request(port, '/fast', agent)).toMatchObject({
      status: 503,
      connection: 'close',
      text: expect.stringContaining('"code":"unavailable"'),
    });
    expect(await slow).toMatchObject({ status: 200, text: 'done', connection: 'close' });
    await closed;
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    agent.destroy();
  });

  test('cuts off what outlasts the grace', async () => {
    const { app, port } = await startServer({ closeGraceMs: 200 }, (server) => {
      server.get('/endless', () => new Promise(() => {}));
    });
    const endless = request(port, '/endless', new Agent()).catch((error: Error) => error.message);
    await sleep(50);
    const startedMs = performance.now();
    await app.close();
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(await endless).toContain('hang up');
  });
});
