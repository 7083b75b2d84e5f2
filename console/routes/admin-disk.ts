import { Type } from 'typebox';
import { requireRole } from '../../http/access/require-role.ts';
import { nullable, oneOf, time } from '../../http/answer-types.ts';
import type { Server } from '../../http/server.ts';
import { DISK_STATES } from '../disk-state.ts';
import type { ReadDisk } from '../read-disk.ts';

const bytes = (description: string) => nullable(Type.Integer({ description: `${description} Null if unknown.` }));
export const diskState = oneOf(
  DISK_STATES,
  'Low and full by DISK_LOW_BYTES and DISK_LOW_SHARE; unreachable: no answer.',
);
const tookMs = nullable(Type.Integer({ description: 'How long it took to answer.' }));
const disk = Type.Object(
  {
    name: Type.String(),
    state: diskState,
    looked_at: time('When it was last looked at.'),
    took_ms: tookMs,
    total_bytes: bytes('All there is.'),
    used_bytes: bytes('What is used.'),
    free_bytes: bytes('What is free for us.'),
    lasts_s: nullable(
      Type.Integer({
        description: 'How long that lasts if pictures go on coming as in the last six hours. Null if none come.',
      }),
    ),
  },
  { title: 'Disk' },
);
const table = Type.Object({ name: Type.String(), bytes: Type.Integer() }, { title: 'TableSize' });
const database = Type.Object(
  {
    state: diskState,
    took_ms: tookMs,
    total_bytes: bytes('All of it.'),
    tables: Type.Array(table, { description: 'What takes how much, the largest first; its indexes are counted.' }),
  },
  { title: 'DatabaseSize' },
);
const limits = Type.Object({ low_bytes: Type.Integer(), low_share: Type.Number() }, { title: 'DiskLimits' });
const answer = Type.Object(
  {
    state: { ...diskState, description: 'The worst of all.' },
    blobs: disk,
    folders: Type.Array(disk, { description: 'Disks that are watched besides: of the data folder, of the servers.' }),
    database,
    limits,
  },
  { title: 'DiskHealth' },
);

/** `GET /api/v1/admin/disk`: what there is room for. Disks are everybody's, and so for administrators to see. */
export function registerAdminDisk(app: Server, { readDisk }: { readonly readDisk: ReadDisk }): void {
  const schema = {
    tags: ['status'],
    summary: 'How the disks are: of the pictures, the data folder and the database',
    description: 'For administrators.',
    response: { 200: answer },
  };
  app.get('/api/v1/admin/disk', { schema, onRequest: requireRole('admin') }, () => readDisk());
}
