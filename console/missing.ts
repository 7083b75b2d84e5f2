export interface SeqRange {
  readonly from_seq: number;
  /** Inclusive. */
  readonly to_seq: number;
}

/** Confirmed seqs: bit n of block b says that of seq b × 4096 + n. */
export interface SeqBlock {
  readonly block: number;
  /** 4,096 zeros and ones; null where all are ones. */
  readonly bits: string | null;
}

export interface Missing {
  readonly missing: number;
  /** How many of these were given up. */
  readonly dropped: number;
  readonly ranges: readonly SeqRange[];
  /** How many ranges there are beyond those told. */
  readonly rangesMore: number;
}

const BLOCK_SEQS = 4_096;

/**
 * What is missing between seqs; asked again, only about later ones. Blocks and ranges are in their order. It takes time
 * for what was received and what was given up, and none for what is missing.
 */
export function createMissing(blocks: readonly SeqBlock[], dropped: readonly SeqRange[]) {
  let firstBlock = 0;
  let firstDropped = 0;

  /** Ranges of confirmed seqs that reach into `within`; some may touch. */
  function* confirmed({ from_seq, to_seq }: SeqRange): Generator<SeqRange> {
    while (firstBlock < blocks.length && lastOf(blocks[firstBlock]) < from_seq) firstBlock++;
    for (let at = firstBlock; at < blocks.length; at++) {
      const block = blocks[at];
      if (!block || block.block * BLOCK_SEQS > to_seq) return;
      yield* onesOf(block);
    }
  }

  function droppedOf({ from_seq, to_seq }: SeqRange): number {
    let count = 0;
    while (firstDropped < dropped.length && (dropped[firstDropped]?.to_seq ?? 0) < from_seq) firstDropped++;
    for (let at = firstDropped; at < dropped.length; at++) {
      const range = dropped[at];
      if (!range || range.from_seq > to_seq) break;
      count += Math.min(range.to_seq, to_seq) - Math.max(range.from_seq, from_seq) + 1;
    }
    return count;
  }

  return {
    between(within: SeqRange, rangesMax: number): Missing {
      const found = { missing: 0, dropped: 0, ranges: [] as SeqRange[], rangesMore: 0 };
      const add = (from_seq: number, to_seq: number) => {
        if (from_seq > to_seq) return;
        found.missing += to_seq - from_seq + 1;
        found.dropped += droppedOf({ from_seq, to_seq });
        if (found.ranges.length < rangesMax) found.ranges.push({ from_seq, to_seq });
        else found.rangesMore++;
      };
      let next = within.from_seq;
      for (const { from_seq, to_seq } of confirmed(within)) {
        add(next, Math.min(from_seq - 1, within.to_seq));
        next = Math.max(next, to_seq + 1);
        if (next > within.to_seq) break;
      }
      add(next, within.to_seq);
      return found;
    },
  };
}

function* onesOf({ block, bits }: SeqBlock): Generator<SeqRange> {
  const base = block * BLOCK_SEQS;
  if (bits === null) {
    yield { from_seq: base, to_seq: base + BLOCK_SEQS - 1 };
    return;
  }
  for (let from = bits.indexOf('1'); from !== -1; ) {
    const zero = bits.indexOf('0', from);
    const end = zero === -1 ? BLOCK_SEQS : zero;
    yield { from_seq: base + from, to_seq: base + end - 1 };
    from = bits.indexOf('1', end);
  }
}

function lastOf(block: SeqBlock | undefined): number {
  return ((block?.block ?? 0) + 1) * BLOCK_SEQS - 1;
}
