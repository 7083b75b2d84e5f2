import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { createAjv } from '../../http/validation.ts';
import { Unusable } from '../../ports/errors.ts';
import { writeWhole } from '../write-whole.ts';

/** What a backup says of itself. Its other files are as it says, or it is not restored. */
const FORMAT = 1;
const FILE = 'manifest.json';

const digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const count = Type.Integer({ minimum: 0 });

const manifest = Type.Object({
  format: Type.Literal(FORMAT),
  snapshot_at: Type.String(),
  postgres: Type.String(),
  migrations: Type.Object({ log: Type.Array(Type.String()), tables: Type.Array(Type.String()) }),
  tables: Type.Array(
    Type.Object({
      name: Type.String(),
      columns: Type.Array(Type.String()),
      rows: count,
      bytes: count,
      sha256: digest,
    }),
  ),
  sequences: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
  // Missing are those that were deleted while they were copied; what named them has had its time too.
  blobs: Type.Object({ count, bytes: count, missing: count, sha256: digest }),
  server_secret: Type.Union([Type.Object({ sha256: digest }), Type.Literal('environment'), Type.Literal('left out')]),
});

export type Manifest = Static<typeof manifest>;
export type TablePart = Manifest['tables'][number];

const isManifest = createAjv({}).compile<Manifest>(manifest);

export function writeManifest(backup: string, content: Manifest): void {
  writeWhole(join(backup, FILE), `${JSON.stringify({ ...content, sha256: digestOf(content) }, null, 2)}\n`);
}

export function readManifest(backup: string): Manifest {
  const { sha256, ...content } = parse(backup);
  const { format } = content as { readonly format?: unknown };
  if (typeof format === 'number' && format > FORMAT) {
    throw new Unusable(`${backup} was made by a newer Passerby. Restore it with that one, or update this one first.`);
  }
  if (sha256 !== digestOf(content) || !isManifest(content)) throw new Damaged(backup, `${FILE} has been changed`);
  return content;
}

/** A backup that is not what it was when it was made. */
export class Damaged extends Unusable {
  constructor(backup: string, what: string) {
    super(`The backup ${backup} is damaged: ${what}. Nothing of it is used; take another one.`);
  }
}

function parse(backup: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(join(backup, FILE), 'utf8');
  } catch (error) {
    throw new Unusable(`${backup} is no backup: ${(error as Error).message}`);
  }
  try {
    return { ...(JSON.parse(text) as object) };
  } catch {
    throw new Damaged(backup, `${FILE} cannot be read`);
  }
}

function digestOf(content: object): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
