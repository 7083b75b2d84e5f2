import { statement } from '../ports/store/statement.ts';
import type { Queryable, Store } from '../ports/store/store.ts';
import { createLedger, type EpochInput, type Ledger, type LedgerInput } from './ledger.ts';

export interface LedgerOf {
  readonly deviceId: string;
  /** Whose devices may be looked at; null for everybody's. */
  readonly fleetId: string | null;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface DeviceLedger extends Ledger {
  readonly queue: { readonly depth: number; readonly at: Date } | null;
}

const sql = {
  device: statement(import.meta.url, './sql/ledger-device.sql'),
  snapshot: statement(import.meta.url, './sql/ledger-snapshot.sql'),
  hours: statement(import.meta.url, './sql/ledger-hours.sql'),
  epochs: statement(import.meta.url, './sql/ledger-epochs.sql'),
  blocks: statement(import.meta.url, './sql/ledger-blocks.sql'),
  dropped: statement(import.meta.url, './sql/ledger-dropped.sql'),
  missingAfter: statement(import.meta.url, './sql/ledger-missing-after.sql'),
  analyses: statement(import.meta.url, './sql/ledger-analyses.sql'),
};

interface DeviceRow {
  readonly queue_depth: number | null;
  readonly queue_depth_at: Date | null;
  readonly queue_epoch: number | null;
}

interface HourRow {
  readonly epoch: number;
  readonly hour: Date;
  readonly received: number;
  readonly last_seq: number | null;
  readonly duplicates: number;
}

interface EpochRow {
  readonly epoch: number;
  readonly issued_before: number | null;
  readonly first_confirmed: number | null;
  readonly first_dropped: number | null;
}

type OfEpoch<Row> = Row & { readonly epoch: number };

/** Null if there is no such device among those that may be looked at. */
export async function readLedger(store: Store, asked: LedgerOf): Promise<DeviceLedger | null> {
  return store.transaction(async (transaction) => {
    await transaction.run(sql.snapshot);
    const [device] = await transaction.run<DeviceRow>(sql.device, [asked.deviceId, asked.fleetId]);
    if (!device) return null;
    const epochs = await readEpochs(transaction, asked);
    const queue = await readQueue(transaction, asked, device, epochs);
    const span = [asked.deviceId, new Date(asked.fromMs), new Date(asked.toMs)];
    const analyses = await transaction.run<{ hour: Date; analysed: number; dead: number }>(sql.analyses, span);
    const { fromMs, toMs } = asked;
    const ledger = createLedger({
      fromMs,
      toMs,
      epochs,
      queue,
      analyses: analyses.map(({ hour, ...counts }) => ({ hourMs: hour.getTime(), ...counts })),
    });
    const { queue_depth: depth, queue_depth_at: at } = device;
    return { ...ledger, queue: depth === null || at === null ? null : { depth, at } };
  });
}

async function readEpochs(transaction: Queryable, { deviceId, fromMs, toMs }: LedgerOf): Promise<EpochInput[]> {
  const from = new Date(fromMs);
  const hours = await transaction.run<HourRow>(sql.hours, [deviceId, from, new Date(toMs)]);
  const wanted = [...new Set(hours.map(({ epoch }) => epoch))];
  const rows = await transaction.run<EpochRow>(sql.epochs, [deviceId, from, wanted]);
  const spans = rows.map((row) => {
    const ofEpoch = hours.filter(({ epoch }) => epoch === row.epoch);
    const issuedBefore = firstIssued(row) - 1;
    return {
      epoch: row.epoch,
      issuedBefore,
      issued: Math.max(issuedBefore, ...ofEpoch.map(({ last_seq }) => last_seq ?? 0)),
      hours: ofEpoch.map(({ hour, received, last_seq, duplicates }) => {
        return { hourMs: hour.getTime(), received, lastSeq: last_seq, duplicates };
      }),
    };
  });
  const within = [
    deviceId,
    spans.map(({ epoch }) => epoch),
    spans.map(({ issuedBefore }) => issuedBefore + 1),
    spans.map(({ issued }) => issued),
  ];
  const blocks = await transaction.run<OfEpoch<EpochInput['blocks'][number]>>(sql.blocks, within);
  const dropped = await transaction.run<OfEpoch<EpochInput['dropped'][number]>>(sql.dropped, within);
  return spans.map(({ epoch, issuedBefore, hours: ofEpoch }) => ({
    epoch,
    issuedBefore,
    hours: ofEpoch,
    blocks: blocks.filter((block) => block.epoch === epoch),
    dropped: dropped.filter((range) => range.epoch === epoch).map(({ from_seq, to_seq }) => ({ from_seq, to_seq })),
  }));
}

/**
 * Seqs without a number of the device's own are given out from 1. What a device begins with is its own affair: of an
 * epoch of its own, what was lost before the first that was heard of cannot be known.
 */
function firstIssued({ epoch, issued_before, first_confirmed, first_dropped }: EpochRow): number {
  if (issued_before !== null) return issued_before + 1;
  if (epoch === 0) return 1;
  return Math.min(first_confirmed ?? Number.MAX_SAFE_INTEGER, first_dropped ?? Number.MAX_SAFE_INTEGER);
}

async function readQueue(
  transaction: Queryable,
  { deviceId }: LedgerOf,
  { queue_depth: depth, queue_epoch: epoch }: DeviceRow,
  epochs: readonly EpochInput[],
): Promise<LedgerInput['queue']> {
  if (depth === null || epoch === null) return null;
  const ofQueue = epochs.find((one) => one.epoch === epoch);
  if (!ofQueue) return { epoch, depth, missingAfter: 0 };
  const issued = Math.max(ofQueue.issuedBefore, ...ofQueue.hours.map(({ lastSeq }) => lastSeq ?? 0));
  const [row] = await transaction.run<{ missing: string }>(sql.missingAfter, [deviceId, epoch, issued]);
  return { epoch, depth, missingAfter: Number(row?.missing ?? 0) };
}
