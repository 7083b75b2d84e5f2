import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';

/** What a request tells of the boot that a device is in. */
export interface BootNews {
  readonly deviceId: string;
  readonly bootId: string;
  /** When that was, as far as this request can say; null if it only refers to it. */
  readonly bootedAtMs: number | null;
  /** By a clock that is set, and not by when the request came in. */
  readonly synchronised: boolean;
}

/** When devices were booted: what their uptime counters count from. */
export interface Boots {
  /** Keeps what is told, and answers the best that is known by now; null when nothing is. */
  bootedAt(news: BootNews): Promise<number | null>;
}

const sql = {
  note: statement(import.meta.url, './sql/note-boot.sql'),
  find: statement(import.meta.url, './sql/find-boot.sql'),
};

interface BootRow {
  readonly booted_at: Date;
}

export function createBoots({ store }: { readonly store: Queryable }): Boots {
  return {
    async bootedAt({ deviceId, bootId, bootedAtMs, synchronised }) {
      const [row] =
        bootedAtMs === null
          ? await store.run<BootRow>(sql.find, [deviceId, bootId])
          : await store.run<BootRow>(sql.note, [deviceId, bootId, new Date(bootedAtMs), synchronised]);
      return row?.booted_at.getTime() ?? null;
    },
  };
}
