import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDiskGuard, type DiskGuard } from './disk-guard.ts';
import { type IngestRig, startIngestRig } from './rig-under-test.ts';
import { jpegPart, type ListeningIngest, listen, multipart } from './routes/server-under-test.ts';

const MIB = 2 ** 20;
const FREE_MIN_BYTES = 48 * MIB;

/** A small disk of memory; only whoever may mount gets one. */
function mountDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'passerby-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256m,mode=1777', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    console.warn('Not tested: what a full disk does to ingest and its database. This account may not mount one.');
    return null;
  }
}

const disk = mountDisk();

describe.skipIf(disk === null)('pictures and database on a disk that fills up', () => {
  const folder = disk ?? '';
  const hog = join(folder, 'somebody-elses.bin');
  const before = process.env.TMPDIR;
  let rig: IngestRig;
  let ingest: ListeningIngest;
  let guard: DiskGuard;
  beforeAll(async () => {
    // Everything that the rig makes lies there.
    process.env.TMPDIR = folder;
    rig = await startIngestRig();
    const blobs = rig.services.openBlobs();
    guard = createDiskGuard({
      blobs,
      folders: { data: folder },
      freeMinBytes: FREE_MIN_BYTES,
      metrics: new Registry(),
    });
    ingest = await listen(rig, {}, () => ({}), undefined, guard);
  });
  afterAll(async () => {
    await ingest?.close();
    await rig?.services.stop();
    process.env.TMPDIR = before;
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  });

  const free = () => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  };
  /** As a neighbour on the same disk would, until so much is free. */
  function fill(leftBytes: number): void {
    rmSync(hog, { force: true });
    writeFileSync(hog, Buffer.alloc(free() - leftBytes));
  }
  const send = async (ms: number) => {
    await guard.look();
    const { status, headers } = await ingest.upload('camera', multipart([jpegPart(`${ms}.jpg`, `picture ${ms}`)]));
    return `${status} ${headers.get('retry-after') ?? ''}`.trim();
  };
  const takenAt = Date.UTC(2026, 4, 1, 11);

  test('frames are turned away while the database goes on, and taken again by itself when there is room', async () => {
    expect(await send(takenAt)).toBe('202');
    fill(FREE_MIN_BYTES - MIB);
    expect(await send(takenAt + 1)).toBe('507 30');
    const { body } = await ingest.upload('camera', multipart([jpegPart(`${takenAt + 1}.jpg`)]));
    expect(body.code).toBe('disk-full');

    // The database has room to go on working, and to let go of what is over.
    const heartbeat = { json: { boot_id: 'b', uptime_s: 5 } };
    expect((await ingest.ask('camera', '/api/v1/ingest/heartbeat', heartbeat)).status).toBe(202);
    await rig.services.store.run({
      name: 'churn',
      text: "create table churn as select n, repeat('x', 500) as text from generate_series(1, 20000) as n",
    });
    await rig.services.store.run({ name: 'unchurn', text: 'drop table churn' });
    expect(await rig.framesOf('camera')).toHaveLength(1);

    rmSync(hog);
    expect(await send(takenAt + 1)).toBe('202');
    expect(await rig.framesOf('camera')).toHaveLength(2);
    expect(await rig.blobKeysOf('camera')).toHaveLength(2);
  });
});
