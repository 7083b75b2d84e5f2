import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findServers, fromEnvironment, fromRunningStack, type Source } from './find-servers.ts';

const listener = createServer((socket) => socket.destroy());
let at: string;
beforeAll(async () => {
  await new Promise<void>((settle) => listener.listen(0, '127.0.0.1', settle));
  const address = listener.address();
  at = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterAll(() => listener.close());

const NOBODY = '127.0.0.1:1';
const docker: Source = async (name) =>
  name === 'kafka' ? ({ address: { brokers: 'in-docker:9092' } } as never) : { missing: 'no Docker' };

describe('servers are looked for', () => {
  test('in the environment first, then in the others by their order', async () => {
    const running = () => ({
      KAFKA_BROKERS: at,
      S3_ENDPOINT: `http://${at}`,
      S3_ACCESS_KEY_ID: 'a',
      S3_SECRET_ACCESS_KEY: 'b',
    });
    const others = [docker, fromRunningStack(running)];
    const bare = await findServers(['kafka', 's3'], [fromEnvironment({}), ...others]);
    expect(bare.servers.kafka).toEqual({ brokers: 'in-docker:9092' });
    expect(bare.servers.s3).toEqual({
      endpoint: `http://${at}`,
      region: 'us-east-1',
      accessKeyId: 'a',
      secretAccessKey: 'b',
    });
    const given = await findServers(['kafka'], [fromEnvironment({ KAFKA_BROKERS: `${at},other:9092` }), ...others]);
    expect(given.servers.kafka).toEqual({ brokers: `${at},other:9092` });
    expect([bare.missing, given.missing]).toEqual([{}, {}]);
  });

  test('only if somebody wants them', async () => {
    const { servers, missing } = await findServers(['s3'], [docker]);
    expect(servers).toEqual({ kafka: null, s3: null, timescale: null });
    expect(missing).toEqual({ s3: 'no Docker' });
  });

  test('and an address that somebody gave is the only one that will do', async () => {
    const { servers, missing } = await findServers(['kafka'], [fromEnvironment({ KAFKA_BROKERS: NOBODY }), docker]);
    expect(servers.kafka).toBeNull();
    expect(missing.kafka).toBe(`nobody answers at ${NOBODY} of KAFKA_BROKERS`);
  });

  test('and an S3 server without keys is none', async () => {
    const { missing } = await findServers(['s3'], [fromEnvironment({ S3_ENDPOINT: `http://${at}` })]);
    expect(missing.s3).toBe('S3_ENDPOINT with S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY is not set');
  });

  test('and every reason is told', async () => {
    const gone = fromRunningStack(() => ({
      S3_ENDPOINT: `http://${NOBODY}`,
      S3_ACCESS_KEY_ID: 'a',
      S3_SECRET_ACCESS_KEY: 'b',
    }));
    const none = fromRunningStack(() => null);
    const { missing } = await findServers(['s3', 'timescale'], [fromEnvironment({}), docker, gone, none]);
    expect(missing.s3).toMatch(/is not set; no Docker; the running stack does not answer; no stack runs/);
    expect(missing.timescale).toMatch(/^TIMESCALE_URL is not set; no Docker/);
  });

  test('a TimescaleDB by its URL', async () => {
    const url = `postgres://u:p@${at}/d`;
    expect((await findServers(['timescale'], [fromEnvironment({ TIMESCALE_URL: url })])).servers.timescale).toEqual({
      url,
    });
  });
});
