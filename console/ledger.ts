import { createMissing, type SeqBlock, type SeqRange } from './missing.ts';

/**
 * What became of the frames that a device numbered, hour by hour of their capture times: pure, and of nothing but what
 * is in the tables. Seqs are counted by their ranges, never one by one: a device may leave out billions.
 */
export interface LedgerInput {
  readonly fromMs: number;
  readonly toMs: number;
  readonly epochs: readonly EpochInput[];
  readonly queue: QueueInput | null;
  readonly analyses: readonly { readonly hourMs: number; readonly analysed: number; readonly dead: number }[];
}

export interface EpochInput {
  readonly epoch: number;
  /** The seq after which the span begins: the greatest of earlier hours, or the one before the epoch's first. */
  readonly issuedBefore: number;
  /** In order. */
  readonly hours: readonly HourInput[];
  /** Confirmed seqs, in order; all that lie among the issued. */
  readonly blocks: readonly SeqBlock[];
  /** What the device gave up, in order and apart from each other. */
  readonly dropped: readonly SeqRange[];
}

interface HourInput {
  readonly hourMs: number;
  readonly received: number;
  /** The greatest that was received, null if nothing was. */
  readonly lastSeq: number | null;
  readonly duplicates: number;
}

/** Frames that the device still has, by its own word. */
interface QueueInput {
  readonly epoch: number;
  readonly depth: number;
  /** How many are missing, and not given up, of what was issued after the span: the newest are taken to be in the queue. */
  readonly missingAfter: number;
}

interface Counts {
  issued: number;
  received: number;
  duplicates: number;
  missing: number;
  declared_drops: number;
  declared_queue: number;
  analysed: number;
  dead: number;
  residual: number;
}

export interface LedgerHour extends Readonly<Counts> {
  readonly hourMs: number;
  readonly missing_ranges: readonly (SeqRange & { readonly epoch: number })[];
  /** How many more ranges there are. */
  readonly missing_ranges_more: number;
}

export interface Ledger {
  readonly hours: readonly LedgerHour[];
  readonly totals: Readonly<Counts>;
  /** Of the queue, what is not among the missing of this span: other spans', or seqs that nobody has seen yet. */
  readonly queuedElsewhere: number;
  /** Null while something is not accounted for. */
  readonly explained: string | null;
}

export const HOUR_MS = 3_600_000;
/** Of one hour. */
const RANGES_MAX = 50;

interface OpenHour extends Counts {
  readonly hourMs: number;
  readonly missing_ranges: (SeqRange & { readonly epoch: number })[];
  missing_ranges_more: number;
  /** Missing and not given up, in the queue's epoch. */
  mayBeQueued: number;
}

export function createLedger({ fromMs, toMs, epochs, queue, analyses }: LedgerInput): Ledger {
  const hours = new Map<number, OpenHour>();
  for (let hourMs = fromMs; hourMs < toMs; hourMs += HOUR_MS) hours.set(hourMs, emptyHour(hourMs));
  for (const epoch of epochs) countEpoch(hours, epoch, epoch.epoch === queue?.epoch);
  for (const { hourMs, analysed, dead } of analyses) {
    const hour = hours.get(hourMs);
    if (!hour) continue;
    hour.analysed += analysed;
    hour.dead += dead;
  }
  const queuedElsewhere = allotQueue([...hours.values()], queue);
  const totals = emptyCounts();
  for (const hour of hours.values()) {
    hour.residual = hour.issued - hour.received - hour.declared_drops - hour.declared_queue;
    for (const name of Object.keys(totals) as (keyof Counts)[]) totals[name] += hour[name];
  }
  const told = [...hours.values()].map(({ mayBeQueued: _, ...hour }) => hour);
  return { hours: told, totals, queuedElsewhere, explained: explain(totals, told) };
}

/**
 * What an hour issued is what it raised the greatest seq by, hours taken in their order. So frames that were missed
 * before a pause count in the hour in which the device goes on, and one that comes with an older seq raises nothing.
 */
function countEpoch(hours: ReadonlyMap<number, OpenHour>, input: EpochInput, isQueued: boolean): void {
  const missing = createMissing(input.blocks, input.dropped);
  let issued = input.issuedBefore;
  for (const { hourMs, received, lastSeq, duplicates } of input.hours) {
    const hour = hours.get(hourMs);
    if (!hour) continue;
    hour.received += received;
    hour.duplicates += duplicates;
    if (lastSeq === null || lastSeq <= issued) continue;
    hour.issued += lastSeq - issued;
    const room = RANGES_MAX - hour.missing_ranges.length;
    const found = missing.between({ from_seq: issued + 1, to_seq: lastSeq }, room);
    hour.missing += found.missing;
    hour.declared_drops += found.dropped;
    if (isQueued) hour.mayBeQueued += found.missing - found.dropped;
    for (const range of found.ranges) hour.missing_ranges.push({ epoch: input.epoch, ...range });
    hour.missing_ranges_more += found.rangesMore;
    issued = lastSeq;
  }
}

/** Newest first: a device that sends in order still has what it took last. */
function allotQueue(hours: readonly OpenHour[], queue: QueueInput | null): number {
  if (queue === null) return 0;
  let left = Math.max(0, queue.depth - queue.missingAfter);
  for (const hour of hours.toReversed()) {
    hour.declared_queue = Math.min(left, hour.mayBeQueued);
    left -= hour.declared_queue;
  }
  return left + Math.min(queue.depth, queue.missingAfter);
}

function explain(totals: Counts, hours: readonly Counts[]): string | null {
  if (totals.residual !== 0) return null;
  if (totals.issued === 0) return 'No seq was given out.';
  const parts = [
    `${totals.received} received`,
    ...(totals.declared_drops > 0 ? [`${totals.declared_drops} given up by the device`] : []),
    ...(totals.declared_queue > 0 ? [`${totals.declared_queue} waiting on the device`] : []),
  ];
  const disorder = hours.some(({ residual }) => residual !== 0);
  const note = disorder ? ' Frames were not taken in the order of their seqs: hours make up for each other.' : '';
  return `Of ${totals.issued} issued: ${parts.join(', ')}.${note}`;
}

function emptyHour(hourMs: number): OpenHour {
  return { hourMs, ...emptyCounts(), missing_ranges: [], missing_ranges_more: 0, mayBeQueued: 0 };
}

function emptyCounts(): Counts {
  return {
    issued: 0,
    received: 0,
    duplicates: 0,
    missing: 0,
    declared_drops: 0,
    declared_queue: 0,
    analysed: 0,
    dead: 0,
    residual: 0,
  };
}
