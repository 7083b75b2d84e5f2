import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { registerConsole } from '../console/app.ts';
import { openDiskWatch } from '../console/disks-under-test.ts';
import { createLetterActions } from '../console/letter-actions.ts';
import { createLiveEvents } from '../console/live-events/live-events.ts';
import { createConfigPublisher } from '../console/publish-configs.ts';
import { createAccess } from '../http/access/access.ts';
import { NO_LIMITS, openDevices, SECRET } from '../http/access/devices/devices-under-test.ts';
import { createServer, type Server } from '../http/server.ts';
import { makeTestCerts } from '../http/tls/certs-under-test.ts';
import { registerIngest } from '../ingest/app.ts';
import { createOutcomes } from '../ingest/outcomes.ts';
import type { Blobs } from '../ports/blobs/blobs.ts';
import { freshBucket, removeBucket } from '../ports/blobs/bucket-under-test.ts';
import { openS3Blobs } from '../ports/blobs/s3.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { kafkaConfigOf } from '../ports/log/kafka/config-under-test.ts';
import { createKafkaLog } from '../ports/log/kafka.ts';
import type { Log } from '../ports/log/log.ts';
import { describeWith, needs } from '../ports/servers-under-test.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import { fixedCodec as codec } from '../schemas/codec.ts';
import { logTopics } from '../schemas/topics.ts';
import { createScene } from './simulate/scene.ts';

/**
 * The flows that devices were promised, by the very commands of their documents: curl against HTTPS, in both profiles.
 */
const PASSWORD = 'correct horse';
const run = promisify(execFile);
const hasCurl = works('curl', '--version');
if (!hasCurl) console.warn('SKIPPED: dev/flows.e2e.test.ts: there is no curl.');

interface Adapters {
  readonly blobs: Blobs;
  readonly log: Log;
  close(): Promise<void>;
}

describe.skipIf(!hasCurl)(`devices' flows ${needs('curl')}`, () => {
  describeFlows('embedded', async (services) => {
    const log = await services.openLog(clock);
    return { blobs: services.openBlobs(), log, close: async () => undefined };
  });

  describeWith('kafka', 'with a real Kafka', ({ brokers }) => {
    describeWith('s3', 'and a real S3', () => {
      describeFlows('production', async () => {
        const s3 = inject('servers').s3;
        if (!s3) throw new Error('this suite is skipped without an S3 server');
        const logger = pino({ level: 'silent' });
        const config = freshBucket(s3);
        const blobs = await openS3Blobs({ config, logger, missing: 'make' });
        const kafka = kafkaConfigOf(brokers, 4);
        const log = await createKafkaLog({ config: kafka, name: 'flows', topics: logTopics, clock, logger });
        return {
          blobs,
          log,
          close: async () => {
            await log.close();
            blobs.close();
            await removeBucket(config);
          },
        };
      });
    });
  });
});

function describeFlows(profile: string, open: (services: ServicesUnderTest) => Promise<Adapters>): void {
  describe(profile, () => {
    let services: ServicesUnderTest;
    let adapters: Adapters;
    let app: Server;
    let folder: string;
    let env: Record<string, string>;

    beforeAll(async () => {
      services = await startServices({
        migrations: new URL('../aggregator/migrations/', import.meta.url),
        topics: logTopics,
      });
      adapters = await open(services);
      folder = mkdtempSync(join(tmpdir(), 'passerby-flows-'));
      writeFileSync(join(folder, 'file.jpg'), await createScene({ seed: 1, camera: 'a', fps: 5 }).render(0));
      writeFileSync(join(folder, 'other.jpg'), await createScene({ seed: 1, camera: 'a', fps: 5 }).render(9));
      const { ca, issue } = await makeTestCerts();
      writeFileSync(join(folder, 'ca.pem'), ca);
      const metrics = new Registry();
      app = createServer({ logger: pino({ level: 'silent' }), metrics, tls: await issue('127.0.0.1') });
      const { store } = services;
      const devices = await openDevices({ store, nowMs: clock.nowMs });
      const access = createAccess({ store, secret: SECRET, nowMs: clock.nowMs });
      await access.users.ensureAdministrator({ password: PASSWORD });
      const config = {
        ...NO_LIMITS,
        FRAME_BYTES_MAX: 262_144,
        REQUEST_BYTES_MAX: 1_048_576,
        IN_FLIGHT_BYTES_MAX: 8_388_608,
        DISK_FREE_MIN_BYTES: 0,
        HEARTBEAT_INTERVAL_S: 60,
      };
      const outcomes = createOutcomes({ store, clock });
      await registerIngest(app, {
        store,
        ...adapters,
        clock,
        codec,
        metrics,
        outcomes,
        diskGuard: { requireRoom: () => undefined },
        config,
        secret: SECRET,
        devices,
      });
      const lag = { readers: [], look: async () => undefined };
      const configPublisher = createConfigPublisher({ store, log: adapters.log, codec, clock });
      const diskWatch = openDiskWatch({ blobs: adapters.blobs, clock });
      const letterActions = createLetterActions({ store, log: adapters.log, codec, clock });
      const console = {
        store,
        ...adapters,
        clock,
        lag,
        diskWatch,
        codec,
        access,
        devices,
        configPublisher,
        letterActions,
        liveEvents: createLiveEvents({ store, clock, metrics, lookAgain: access.lookAgain }),
      };
      await registerConsole(app, console);
      const base = await app.listen({ host: '127.0.0.1', port: 0 });
      env = { API_BASE: base, FOLDER: folder, CURL_CA_BUNDLE: join(folder, 'ca.pem'), PATH: process.env.PATH ?? '' };
    });
    afterAll(async () => {
      await app.close();
      await adapters.close();
      await services.stop();
      rmSync(folder, { recursive: true });
    });

    /** What a command of a document answers, with its variables as they stand. */
    async function sh<Answer = Record<string, unknown>>(command: string, more: Record<string, string> = {}) {
      const script = `${command} --silent --show-error --write-out '\\n%{http_code}'`;
      const { stdout } = await run('sh', ['-c', script], { env: { ...env, ...more } });
      const [, text = '', status = ''] = /^([\s\S]*)\n(\d+)$/.exec(stdout) ?? [];
      return { status: Number(status), body: (text === '' ? {} : JSON.parse(text)) as Answer };
    }

    async function signIn(): Promise<void> {
      const { body } = await sh(
        `curl -X POST "$API_BASE/auth/login" -H "Content-Type: application/json" -d '{"username":"admin","password":"${PASSWORD}"}'`,
      );
      env.USER_TOKEN = String(body.access_token);
    }

    /** The token of a device of this name. */
    async function setUp(deviceId: string): Promise<string> {
      const paired = await sh(`curl -X POST "$API_BASE/devices/pair" -H "Authorization: Bearer $USER_TOKEN" \\
        -H "Content-Type: application/json" -d '{"device_id":"${deviceId}"}'`);
      const activated = await sh(
        `curl -X POST "$API_BASE/devices/activate" -H "Content-Type: application/json" -d "{\\"pairing_code\\":\\"$CODE\\"}"`,
        { CODE: String(paired.body.pairing_code) },
      );
      return String(activated.body.device_token);
    }

    test('pair, activate, ask where to, put, say so: as the ESP32 does it', async () => {
      await signIn();
      const paired = await sh(`curl -X POST "$API_BASE/devices/pair" \\
        -H "Authorization: Bearer $USER_TOKEN" \\
        -H "Content-Type: application/json" \\
        -d '{"name":"esp32-proto"}'`);
      expect(paired.body).toMatchObject({
        device_id: expect.stringMatching(/^[\da-f-]{36}$/),
        pairing_code: expect.any(String),
        expires_at: expect.any(String),
      });
      const deviceId = String(paired.body.device_id);

      const activated = await sh(
        `curl -X POST "$API_BASE/devices/activate" \\
        -H "Content-Type: application/json" \\
        -d "{\\"pairing_code\\":\\"$CODE\\"}"`,
        { CODE: String(paired.body.pairing_code) },
      );
      expect(activated.body).toMatchObject({
        device_id: deviceId,
        device_token: expect.stringMatching(/^devtok_/),
      });
      env.DEVICE_TOKEN = String(activated.body.device_token);

      const place = await sh(`curl -X POST "$API_BASE/devices/upload-url" \\
        -H "X-Device-Token: $DEVICE_TOKEN" \\
        -H "Content-Type: application/json" \\
        -d '{"filename":"2025-12-26T10-15-30Z_000123.jpg","content_type":"image/jpeg","seq":123}'`);
      expect(place.body).toMatchObject({
        upload_host: expect.any(String),
        upload_port: expect.any(Number),
        upload_path: expect.stringMatching(/^\//),
        object_key: `devices/${deviceId}/2025/12/26/123-2025-12-26T10-15-30Z_000123.jpg`,
      });

      // The document's server has the usual port; this one's stands beside its name.
      const upload = {
        UPLOAD_HOST: `${place.body.upload_host}:${place.body.upload_port}`,
        UPLOAD_PATH: String(place.body.upload_path),
      };
      const put = await sh(
        `curl -X PUT "https://$UPLOAD_HOST$UPLOAD_PATH" \\
        -H "Content-Type: image/jpeg" \\
        --data-binary "@$FOLDER/file.jpg"`,
        upload,
      );
      expect(put.status).toBe(201);

      const say = `curl -X POST "$API_BASE/devices/ingest" \\
        -H "X-Device-Token: $DEVICE_TOKEN" \\
        -H "Content-Type: application/json" \\
        -d "{\\"object_key\\":\\"$KEY\\",\\"captured_at\\":\\"2025-12-26T10:15:30Z\\",\\"seq\\":123,\\"ntp_synced\\":true}"`;
      const key = { KEY: String(place.body.object_key) };
      const first = await sh(say, key);
      expect(first).toMatchObject({ status: 202, body: { status: 'queued' } });
      expect(Object.keys(first.body).sort()).toEqual(['item_id', 'status', 'task_id']);
      expect(await sh(say, key)).toEqual({
        status: 200,
        body: { status: 'duplicate', item_id: first.body.item_id },
      });
    });

    test('one file, named for its time: as the ESP32-CAM with a card does it', async () => {
      await signIn();
      const token = { DEVICE_TOKEN: await setUp(`esp32cam-${profile}`) };
      const upload = (file: string, device = `esp32cam-${profile}`) =>
        sh(
          `curl -X POST "$API_BASE/upload?device=${device}" -H "X-Device-Token: $DEVICE_TOKEN" \\
          -F "file=@$FOLDER/${file};filename=1764318832186.jpg"`,
          token,
        );
      const first = await upload('file.jpg');
      expect(first).toMatchObject({ status: 202, body: { status: 'queued' } });
      expect(await upload('file.jpg')).toMatchObject({ status: 200, body: { item_id: first.body.item_id } });
      expect(await upload('other.jpg')).toMatchObject({ status: 202 });
      expect(await upload('file.jpg', 'another')).toMatchObject({ status: 403, body: { code: 'wrong-device' } });
      const keys: string[] = [];
      for await (const key of adapters.blobs.list(`images/esp32cam-${profile}/`)) keys.push(key);
      expect(keys.sort()).toEqual([
        expect.stringMatching(new RegExp(`^images/esp32cam-${profile}/1764318832186-[\\da-f]{8}\\.jpg$`)),
        `images/esp32cam-${profile}/1764318832186.jpg`,
      ]);
    });

    test('meta and image, configuration, heartbeat: as the Pi does it', async () => {
      await signIn();
      env.DEVICE_TOKEN = await setUp(`pi-${profile}`);
      const meta = {
        device_id: `pi-${profile}`,
        capture_ts: '2026-01-05T22:00:00Z',
        seq: 1,
        width: 640,
        height: 480,
        jpeg_quality: 85,
        fw_version: 'pi-1',
      };
      const frame = await sh(
        `curl -X POST "$API_BASE/api/v1/ingest/frame" -H "X-Device-Token: $DEVICE_TOKEN" \\
        -F "meta=$META" -F "image=@$FOLDER/file.jpg"`,
        { META: JSON.stringify(meta) },
      );
      expect(frame).toMatchObject({ status: 202, body: { status: 'queued' } });

      const config = await sh(
        `curl "$API_BASE/api/v1/device/config?device_id=pi-${profile}" -H "X-Device-Token: $DEVICE_TOKEN"`,
      );
      expect(config).toMatchObject({ status: 200, body: { version: 0 } });

      const beat = await sh(`curl -X POST "$API_BASE/api/v1/ingest/heartbeat" -H "X-Device-Token: $DEVICE_TOKEN" \\
        -H "Content-Type: application/json" -d '{"boot_id":"b1","uptime_s":61,"queue_depth":0,"fw_version":"pi-1"}'`);
      expect(beat.status).toBe(202);

      const device = await sh(`curl "$API_BASE/devices/pi-${profile}" -H "Authorization: Bearer $USER_TOKEN"`);
      expect(device.body).toMatchObject({ device_id: `pi-${profile}`, firmware_version: 'pi-1', epoch: 1 });
      expect(device.body.last_seen_at).not.toBeNull();
    });
  });
}

function works(command: string, ...given: string[]): boolean {
  try {
    execFileSync(command, given, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
