import pLimit from 'p-limit';
import { type Blobs, isKey } from '../../ports/blobs/blobs.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import type { Log } from '../../ports/log/log.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';
import type { Codec } from '../../schemas/codec.ts';
import { type ErasureNote, erasureNoteKey } from '../../schemas/erasure-note.ts';
import { derivedId } from '../../schemas/identity.ts';
import { snapshotKey } from '../../schemas/snapshot-key.ts';
import { DEVICE_TABLES } from './device-tables.ts';
import type { ErasureRow } from './erasures.ts';
import { PICTURE_FOLDERS } from './returned-pictures.ts';
import {
  type EventRow,
  lockErasureList,
  takeCaptures,
  takeEvents,
  takeObservations,
  takeVisits,
  unnameSnapshots,
} from './rows-in-chunks.ts';

/**
 * What carrying out an erasure takes, in its order: the note that explains missing pictures, the processor's states, rows,
 * blobs, and what the log lets go of at once. Rows go before their blobs (promise 9). When all of it is done, it is done
 * once more, for what was under way meanwhile. What a writer drops later may leave something behind, and has it begin again
 * at `barrier` (aggregator/sql/leave-to-erasures.sql).
 */
export const STEPS = [
  'note',
  'forget',
  'barrier',
  'events',
  'visits',
  'observations',
  'captures',
  'dead-letters',
  'sums',
  'snapshots',
  'expired',
  'device',
  'blobs',
  'strays',
  'log',
  'settle',
] as const;
export type StepName = (typeof STEPS)[number];

export interface LoadedErasure extends Omit<ErasureRow, 'step'> {
  readonly step: StepName;
  readonly user_id: string | null;
  readonly forgotten_at: Date | null;
}

export interface StepDone {
  /** `again`: there is more of the same. `waits`: not yet. */
  readonly outcome: 'done' | 'again' | 'waits' | 'finished';
  readonly gone?: Readonly<Record<string, number>>;
  /** The processor was told a second time. */
  readonly forgottenAtMs?: number;
}

type Step = (within: Queryable, erasure: LoadedErasure) => Promise<StepDone>;

const BLOBS_MAX = 200;
const BLOBS_AT_ONCE = 8;

const sql = {
  takeUp: statement(import.meta.url, './sql/take-up-growth.sql'),
  deletedEvents: statement(import.meta.url, './sql/erase-deleted-events.sql'),
  hasLeftovers: statement(import.meta.url, './sql/has-leftovers.sql'),
  spans: statement(import.meta.url, './sql/listed-spans.sql'),
  letters: statement(import.meta.url, './sql/erase-dead-letters.sql'),
  sums: statement(import.meta.url, './sql/erase-sums.sql'),
  markDevice: statement(import.meta.url, './sql/mark-device-erased.sql'),
  deviceRows: statement(import.meta.url, './sql/erase-device-rows.sql'),
  takeExpired: statement(import.meta.url, './sql/take-over-expired.sql'),
  addBlobs: statement(import.meta.url, './sql/add-blobs.sql'),
  nextBlobs: statement(import.meta.url, './sql/next-blobs.sql'),
  forgetBlobs: statement(import.meta.url, './sql/forget-blobs.sql'),
};

interface SpanRow {
  readonly device_id: string;
  readonly from_at: Date | null;
  readonly to_at: Date | null;
}

/** After the last one it begins again with rows: `settle` says when it is finished. */
export function nextStep(step: StepName): StepName {
  return STEPS[STEPS.indexOf(step) + 1] ?? 'barrier';
}

export function createErasureSteps({
  log,
  blobs,
  codec,
  clock,
  settleMs,
  rowsMax,
}: {
  readonly log: Pick<Log, 'append' | 'eraseConsumed'>;
  readonly blobs: Pick<Blobs, 'put' | 'head' | 'list' | 'delete'>;
  readonly codec: Pick<Codec, 'encode'>;
  readonly clock: Clock;
  readonly settleMs: number;
  readonly rowsMax: number;
}): Readonly<Record<StepName, Step>> {
  const atOnce = pLimit(BLOBS_AT_ONCE);

  /** Where pictures are fetched no table can be asked, and after a restore the table may be older than the blobs. */
  async function putNotes(within: Queryable, erasure: LoadedErasure): Promise<void> {
    const { id, kind, person_id, requested_at, username } = erasure;
    const putNote = async ({ device_id, from_at, to_at }: SpanRow) => {
      const told: ErasureNote = {
        id,
        kind,
        device_id,
        person_id,
        from: from_at?.getTime() ?? null,
        to: to_at?.getTime() ?? null,
        is_whole: true,
        requested_at: requested_at.getTime(),
        requested_by: username,
      };
      const key = erasureNoteKey(told);
      if (!(await blobs.head(key))) await blobs.put(key, Buffer.from(JSON.stringify(told)));
    };
    const spans = await within.run<SpanRow>(sql.spans, [id, requested_at]);
    await Promise.all(spans.map((span) => atOnce(putNote, span)));
  }

  const note: Step = async (within, erasure) => {
    await putNotes(within, erasure);
    return { outcome: 'done' };
  };

  async function tellProcessor(
    { id, kind, devices, person_id, from_at, to_at }: LoadedErasure,
    pass: 'first' | 'second',
  ): Promise<void> {
    const isRange = kind === 'range';
    const body = {
      kind: 'EraseControl',
      erasure_id: id,
      person_id,
      from: isRange ? (from_at?.getTime() ?? null) : null,
      to: isRange ? (to_at?.getTime() ?? null) : null,
    } as const;
    for (const device_id of devices) {
      const control_id = derivedId('erase', id, device_id, pass);
      const value = codec.encode('control', { control_id, device_id, issued_at: clock.nowMs(), body });
      await log.append('frames', [{ key: device_id, value }]);
      await log.append('backlog', [{ key: device_id, value }]);
      if (kind === 'device') await log.append('device-config', [{ key: device_id, value: null }]);
    }
  }

  const forget: Step = async (_, erasure) => {
    await tellProcessor(erasure, 'first');
    return { outcome: 'done' };
  };

  /** Whoever checked the list before the newest of it was there has written what they had to write. */
  const barrier: Step = async (within, { id }) => {
    await within.run(lockErasureList);
    await within.run(sql.takeUp, [id]);
    return { outcome: 'done' };
  };

  const rowsOf =
    (name: string, take: typeof takeVisits): Step =>
    async (within, { id, devices }) => {
      const { found, rows } = await take(within, { id, devices, rowsMax });
      return asDone(name, { found, gone: rows.length });
    };

  const asDone = (name: string, { found, gone }: { readonly found: number; readonly gone: number }): StepDone => ({
    outcome: found < rowsMax ? 'done' : 'again',
    gone: { [name]: gone },
  });

  const events: Step = async (within, { id, devices }) => {
    const { found, rows } = await takeEvents(within, { id, devices, rowsMax });
    await addSnapshots(within, id, rows);
    return asDone('events', { found, gone: rows.length });
  };

  const deadLetters: Step = async (within, { id, devices }) => {
    const { length } = await within.run(sql.letters, [id, devices, rowsMax]);
    return asDone('dead_letters', { found: length, gone: length });
  };

  const sums: Step = async (within, { id }) => {
    const [gone = {}] = await within.run<Record<string, number>>(sql.sums, [id]);
    return { outcome: 'done', gone };
  };

  const snapshots: Step = async (within, { id, devices }) => {
    await addSnapshots(within, id, await unnameSnapshots(within, { id, devices }));
    await within.run(sql.deletedEvents, [id, devices]);
    return { outcome: 'done' };
  };

  const expired: Step = async (within, { id, devices }) => {
    await within.run(sql.takeExpired, [id, devices]);
    return { outcome: 'done' };
  };

  async function addSnapshots(within: Queryable, id: string, rows: readonly EventRow[]): Promise<void> {
    // Whoever draws one has its ordinal first; only of motion there may be pictures from before there were ordinals.
    const drawn = rows.filter(({ type, snapshot_ordinal }) => type === 'motion' || snapshot_ordinal !== null);
    const keys = drawn.map(({ snapshot_ordinal: ordinal, ...row }) =>
      snapshotKey({ ...row, occurred_at: row.occurred_at.getTime(), ordinal: ordinal ?? 0 }),
    );
    if (keys.length > 0) await within.run(sql.addBlobs, [id, keys]);
  }

  const device: Step = async (within, { kind, device_id, requested_at }) => {
    if (kind !== 'device') return { outcome: 'done' };
    // Whoever still took it for a device may have noted something of it.
    await within.run(sql.markDevice, [device_id, requested_at]);
    let gone = 0;
    for (const table of DEVICE_TABLES) {
      const [{ rows = 0 } = {}] = await within.run<{ rows: number }>(sql.deviceRows, [table, device_id, rowsMax]);
      gone += rows;
      if (rows === rowsMax) return { outcome: 'again', gone: { device_rows: gone } };
    }
    return { outcome: 'done', gone: { device_rows: gone } };
  };

  /** Many are only looked for, such as the drawing of each motion, which may never have been drawn. */
  async function deleteOne(key: string): Promise<boolean> {
    const wasThere = (await blobs.head(key)) !== null;
    await blobs.delete(key);
    return wasThere;
  }

  async function deleteAll(keys: readonly string[]): Promise<StepDone> {
    // A record may name what no blob can be called.
    const gone = await Promise.all(keys.filter(isKey).map((key) => atOnce(() => deleteOne(key))));
    const outcome = keys.length < BLOBS_MAX ? 'done' : 'again';
    return { outcome, gone: { blobs: gone.filter((wasThere) => wasThere).length } };
  }

  const deleteBlobs: Step = async (within, erasure) => {
    const { id } = erasure;
    const rows = await within.run<{ key: string }>(sql.nextBlobs, [id, BLOBS_MAX]);
    const keys = rows.map(({ key }) => key);
    // Asked for after the keys: whatever the list has grown by, of which a picture goes now, is noted before that.
    if (keys.length > 0) await putNotes(within, erasure);
    const done = await deleteAll(keys);
    if (keys.length > 0) await within.run(sql.forgetBlobs, [id, keys]);
    return done;
  };

  /** Of a whole device whatever lies under its name, also if no row has ever said so. */
  const strays: Step = async (_, { kind, device_id }) => {
    if (kind !== 'device') return { outcome: 'done' };
    const keys: string[] = [];
    for (const folder of PICTURE_FOLDERS) {
      for await (const key of blobs.list(`${folder}/${device_id}/`)) {
        keys.push(key);
        if (keys.length === BLOBS_MAX) return deleteAll(keys);
      }
    }
    return deleteAll(keys);
  };

  const letGo: Step = async (_, { devices }) => {
    let gone = 0;
    for (const device of devices) gone += (await log.eraseConsumed?.(device)) ?? 0;
    return { outcome: 'done', gone: { log_records: gone } };
  };

  const settle: Step = async (within, erasure) => {
    if (erasure.forgotten_at) {
      const [{ leftovers = true } = {}] = await within.run<{ leftovers: boolean }>(sql.hasLeftovers, [erasure.id]);
      return { outcome: leftovers ? 'done' : 'finished' };
    }
    const nowMs = clock.nowMs();
    const beganMs = (erasure.applied_again_at ?? erasure.requested_at).getTime();
    if (nowMs < beganMs + settleMs) return { outcome: 'waits' };
    await tellProcessor(erasure, 'second');
    return { outcome: 'done', forgottenAtMs: nowMs };
  };

  return {
    note,
    forget,
    barrier,
    events,
    visits: rowsOf('visits', takeVisits),
    observations: rowsOf('observations', takeObservations),
    captures: rowsOf('captures', takeCaptures),
    'dead-letters': deadLetters,
    sums,
    snapshots,
    expired,
    device,
    blobs: deleteBlobs,
    strays,
    log: letGo,
    settle,
  };
}
