import type { User } from '../http/access/users.ts';
import { Problem } from '../http/problem.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';

type FleetId = User['fleetId'];

export interface SiteRow {
  readonly id: string;
  readonly name: string;
  readonly time_zone: string;
  readonly owner: string;
  readonly created_at: Date;
}

export interface NewSite {
  readonly name: string;
  readonly timeZone: string;
}

/** Where devices stand. Whatever is not in the fleet is not there: a `Problem`. */
export interface Sites {
  list(
    fleetId: FleetId,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly sites: readonly SiteRow[]; readonly total: number }>;
  find(fleetId: FleetId, id: string): Promise<SiteRow>;
  create(ownerId: string, site: NewSite): Promise<SiteRow>;
  change(
    fleetId: FleetId,
    id: string,
    change: { readonly [Part in keyof NewSite]?: string | undefined },
  ): Promise<SiteRow>;
  /** Its devices stay, without a site. */
  remove(fleetId: FleetId, id: string): Promise<void>;
}

const sql = {
  list: statement(import.meta.url, './sql/list-sites.sql'),
  count: statement(import.meta.url, './sql/count-sites.sql'),
  findTimeZone: statement(import.meta.url, './sql/find-time-zone.sql'),
  insert: statement(import.meta.url, './sql/insert-site.sql'),
  update: statement(import.meta.url, './sql/update-site.sql'),
  remove: statement(import.meta.url, './sql/delete-site.sql'),
};

const UNIQUE_VIOLATION = '23505';

export function createSites({ store, nowMs }: { readonly store: Queryable; readonly nowMs: () => number }): Sites {
  const find = async (fleetId: FleetId, id: string) => oneOf(await store.run<SiteRow>(sql.list, [fleetId, id, 1, 0]));

  /** One that both know, who count with it: this process, and the database. */
  async function knownTimeZone(name: string): Promise<string> {
    if (!isTimeZone(name)) throw noSuchTimeZone();
    const [zone] = await store.run<{ name: string }>(sql.findTimeZone, [name]);
    if (!zone) throw noSuchTimeZone();
    return zone.name;
  }

  return {
    async list(fleetId, { limit, offset }) {
      const [sites, counted] = await Promise.all([
        store.run<SiteRow>(sql.list, [fleetId, null, limit, offset]),
        store.run<{ total: number }>(sql.count, [fleetId]),
      ]);
      return { sites, total: counted[0]?.total ?? 0 };
    },

    find,

    async create(ownerId, { name, timeZone }) {
      const values = [ownerId, name, await knownTimeZone(timeZone), new Date(nowMs())];
      const [made] = await store.run<{ id: string }>(sql.insert, values);
      if (!made) throw nameTaken(name);
      return find(ownerId, made.id);
    },

    async change(fleetId, id, { name, timeZone }) {
      const zone = timeZone === undefined ? null : await knownTimeZone(timeZone);
      const changed = await store
        .run(sql.update, [id, fleetId, name ?? null, zone])
        .catch((error: { readonly code?: string }) => {
          throw error.code === UNIQUE_VIOLATION ? nameTaken(name ?? '') : error;
        });
      oneOf(changed);
      return find(fleetId, id);
    },

    remove: async (fleetId, id) => void oneOf(await store.run(sql.remove, [id, fleetId])),
  };
}

/** Of the IANA's list: `Europe/Berlin`, and no offset, which `Intl` takes too. */
function isTimeZone(name: string): boolean {
  try {
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

/** Somebody else's is told of in the same words as one that does not exist. */
function oneOf<Row>([row]: readonly Row[]): Row {
  if (row === undefined) throw new Problem({ status: 404, code: 'no-such-site', title: 'No such site' });
  return row;
}

function nameTaken(name: string): Problem {
  const detail = `The owner has a site ${name} already.`;
  return new Problem({ status: 409, code: 'site-name-taken', title: 'The name is taken', detail });
}

function noSuchTimeZone(): Problem {
  const detail = 'must be a time zone of the IANA, such as Europe/Berlin';
  const errors = [{ in: 'body', pointer: '#/time_zone', detail }] as const;
  const title = 'Invalid request';
  return new Problem({ status: 422, code: 'invalid-request', title, detail: `body #/time_zone: ${detail}`, errors });
}
