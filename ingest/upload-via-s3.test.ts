import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshBucket, removeBucket } from '../ports/blobs/bucket-under-test.ts';
import { openS3Blobs, type S3Blobs } from '../ports/blobs/s3.ts';
import { createS3Presigner } from '../ports/blobs/s3-presign.ts';
import { describeWith } from '../ports/servers-under-test.ts';
import { picture, startIngestRig } from './rig-under-test.ts';
import { FRAME_BYTES_MAX, type ListeningIngest, listen } from './routes/server-under-test.ts';
import { placesAtS3 } from './upload-places.ts';

describeWith('s3', 'pictures that devices put at the S3 server', (server) => {
  const config = freshBucket(server);
  let blobs: S3Blobs;
  let ingest: ListeningIngest;

  beforeAll(async () => {
    blobs = await openS3Blobs({ config, logger: pino({ level: 'silent' }), missing: 'make' });
    const places = placesAtS3(createS3Presigner({ config, publicUrl: server.endpoint }));
    ingest = await listen(await startIngestRig(), {}, () => ({ blobs }), places);
  });
  afterAll(async () => {
    await ingest.close();
    await ingest.rig.services.stop();
    blobs.close();
    await removeBucket(config);
  });

  interface Place {
    readonly upload_url: string;
    readonly object_key: string;
    readonly headers: Record<string, string>;
  }
  const placeOf = async (seq: number) =>
    (
      await ingest.ask('esp', '/devices/upload-url', {
        json: { filename: '2026-05-01.jpg', content_type: 'image/jpeg', seq },
      })
    ).body as unknown as Place;
  const put = ({ upload_url: url, headers }: Place, body: Buffer) =>
    fetch(url, { method: 'PUT', body: new Uint8Array(body), headers });
  const say = ({ object_key }: Place, seq: number) =>
    ingest.ask('esp', '/devices/ingest', { json: { object_key, captured_at: '2026-05-01T11:00:00Z', seq } });

  test('become frames, and are not put twice', async () => {
    const place = await placeOf(1);
    expect(place.upload_url.startsWith(server.endpoint)).toBe(true);
    expect((await put(place, picture('one'))).status).toBe(200);
    expect((await put(place, picture('two'))).status).toBe(412);
    expect(await say(place, 1)).toMatchObject({ status: 202 });
    expect(await blobs.get(place.object_key)).toEqual(picture('one'));
  });

  describe('when they are not what they must be', () => {
    test.each([
      ['too large', picture('x'.repeat(FRAME_BYTES_MAX)), 413, 'too-large'],
      ['no JPEG', Buffer.from('\x89PNG'), 415, 'not-a-jpeg'],
    ])('%s: they are refused and deleted', async (_what, body, status, code) => {
      const place = await placeOf(status);
      expect((await put(place, body)).status).toBe(200);
      expect(await say(place, status)).toMatchObject({ status, body: { code } });
      expect(await blobs.head(place.object_key)).toBeNull();
    });

    test('in a place that was not given out, the server refuses them', async () => {
      const place = await placeOf(9);
      const elsewhere = place.upload_url.replace('9-2026', '8-2026');
      expect((await put({ ...place, upload_url: elsewhere }, picture('x'))).status).toBe(403);
    });
  });
});
