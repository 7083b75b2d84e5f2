import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createTestServer } from './server-under-test.ts';

let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());

test('a caller who sends without waiting for answers is hung up on, and others are served', async () => {
  let begun = 0;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((settle) => {
    finish = settle;
  });
  const { app } = await createTestServer((server) => {
    server.get('/slow', async () => {
      begun += 1;
      await finished;
      return {};
    });
    server.get('/quick', async () => ({}));
  });
  close = async () => {
    finish();
    await app.close();
  };
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;

  const greedy = connect(port, '127.0.0.1');
  greedy.on('error', () => undefined);
  const hungUp = new Promise((settle) => greedy.once('close', settle));
  greedy.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(5_000));
  await hungUp;
  expect(begun).toBeGreaterThan(0);
  expect(begun).toBeLessThanOrEqual(32);
  expect((await fetch(`http://127.0.0.1:${port}/quick`)).status).toBe(200);
});
