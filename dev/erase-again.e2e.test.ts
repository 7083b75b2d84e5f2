import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createErasures } from '../console/erasures/erasures.ts';
import { freshBucket, removeBucket } from '../ports/blobs/bucket-under-test.ts';
import { openS3Blobs, type S3Blobs } from '../ports/blobs/s3.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { describeWith } from '../ports/servers-under-test.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import { type ErasureNote, erasureNoteKey } from '../schemas/erasure-note.ts';

/** What docs/backup.md has an operator run after a restore in production, as it is run there. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMMAND = ['dev/run.mjs', 'console/erasures/main.ts'];
const TAKEN_MS = Date.UTC(2026, 4, 1, 12);
const patient = { timeout: 180_000 };
const by = { id: '00000000-0000-4000-8000-000000000001', username: 'ann' };

/** Erased after the dump was made: the database that is restored does not know of it, and the bucket does. */
const note: ErasureNote = {
  id: '11111111-1111-4111-8111-111111111111',
  kind: 'device',
  device_id: 'erased-since',
  person_id: null,
  from: null,
  to: null,
  requested_at: TAKEN_MS,
  requested_by: 'bob',
};

describeWith('kafka', 'erasing again in production', ({ brokers }) => {
  describeWith('s3', 'with a bucket that came of a copy', (server) => {
    const s3 = freshBucket(server);
    let services: ServicesUnderTest;
    let blobs: S3Blobs;
    beforeAll(async () => {
      services = await startServices({ migrations: new URL('../aggregator/migrations/', import.meta.url) });
      blobs = await openS3Blobs({ config: s3, logger: pino({ level: 'silent' }), missing: 'make' });
      for (const device of ['erased-since', 'erased-before', 'kept']) await restore(device);
    }, 60_000);
    afterAll(async () => {
      blobs.close();
      await removeBucket(s3);
      await services.stop();
    });

    const run = (text: string, values: readonly unknown[] = []) =>
      services.store.run<{ device_id: string }>({ name: `test-${text.length}`, text }, values);

    /** A device with a frame that has its row, and one that has only its claim. */
    async function restore(device: string): Promise<void> {
      await run('insert into devices (id, created_at) values ($1, now())', [device]);
      const keys = [1, 2].map((seq) => `devices/${device}/2026/05/01/frame-1-${seq}.jpg`);
      for (const key of keys) await blobs.put(key, Buffer.from(key));
      await run(
        `insert into frame_claims (device_id, epoch, seq, digest, captured_at, time_quality, lane, received_at, lease_until, confirmed)
         select $1, 1, seq, '\\x00', $2, 'ntp', 'live', $2, $2, true from generate_series(1, 2) as seq`,
        [device, new Date(TAKEN_MS)],
      );
      await run(
        `insert into captures (frame_id, captured_at, device_id, epoch, seq, lane, state, blob_key)
         values (gen_random_uuid(), $2, $1, 1, 1, 'live', 'done', $3)`,
        [device, new Date(TAKEN_MS), keys[0]],
      );
    }

    function erase(env: Readonly<Record<string, string>> = {}) {
      return new Promise<{ status: number | null; out: string; errors: string }>((settle) => {
        const child = spawn(process.execPath, COMMAND, {
          cwd: ROOT,
          env: {
            ...{ PATH: process.env.PATH, ...s3, KAFKA_BROKERS: brokers, KAFKA_PARTITIONS: '4' },
            ...{ DATABASE_URL: services.connectionString, ...env },
          },
        });
        let [out, errors] = ['', ''];
        child.stdout.on('data', (chunk) => {
          out += chunk;
        });
        child.stderr.on('data', (chunk) => {
          errors += chunk;
        });
        child.once('close', (status) => settle({ status, out, errors }));
      });
    }

    async function left() {
      const keys: string[] = [];
      for await (const key of blobs.list('devices/')) keys.push(key);
      const captures = await run('select device_id from captures order by device_id');
      return { keys, captures: captures.map(({ device_id }) => device_id) };
    }

    test(
      'takes what was erased before and since the dump, says so, and a second time finds nothing',
      patient,
      async () => {
        await blobs.put(erasureNoteKey(note), Buffer.from(JSON.stringify(note)));
        const erasures = createErasures({ store: services.store, clock });
        const [fromMs, toMs] = [TAKEN_MS - 1_000, TAKEN_MS + 1_000];
        await erasures.request({ kind: 'range', deviceId: 'erased-before', fromMs, toMs }, { by, fleetId: null });
        // Carried out before the dump was made, and its pictures came back with the bucket.
        await run("delete from captures where device_id = 'erased-before'");

        const first = await erase();
        expect(first, first.errors).toMatchObject({ status: 0 });
        const lines = first.out.trim().split('\n').sort();
        expect(lines).toEqual([
          '2 erasures carried out, 1 of which the database did not know.',
          expect.stringMatching(
            /^device erased-since, asked for by bob at 2026-05-01T12:00:00.000Z: 2 blobs, .*1 captures/,
          ),
          expect.stringMatching(
            /^erased-before from 2026-05-01T11:59:59.000Z to 2026-05-01T12:00:01.000Z, asked for by ann .*: 2 blobs$/,
          ),
        ]);
        const kept = [1, 2].map((seq) => `devices/kept/2026/05/01/frame-1-${seq}.jpg`);
        expect(await left()).toEqual({ keys: kept, captures: ['kept'] });

        const second = await erase();
        expect(second.out.match(/nothing of it was there/g)).toHaveLength(2);
        expect(await left()).toEqual({ keys: kept, captures: ['kept'] });
      },
    );

    test('says what it lacks, and that nothing was done', patient, async () => {
      const { status, errors } = await erase({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' });
      expect([status, errors]).toEqual([2, expect.stringContaining('127.0.0.1:1')]);
    });
  });
});
