/** What may be found, and what `--repair` makes of it; null of what is nothing wrong. */
export const KINDS = {
  'picture-missing': { found: 'captures name a picture that is not there', repair: 'they name it no more' },
  'snapshot-missing': { found: 'events name a drawn picture that is not there', repair: 'they name it no more' },
  unrecorded: {
    found: 'pictures of acknowledged frames that no reader of the log has seen',
    repair: 'their records are appended again',
  },
  'never-analysed': { found: 'frames that nobody analyses', repair: 'their records are appended again' },
  orphan: { found: 'pictures that nothing refers to', repair: 'they are deleted' },
  stranger: { found: 'blobs of names that are none of ours, which stay', repair: null },
  undeleted: { found: 'pictures that should have been deleted a day ago', repair: 'they are deleted' },
} as const;
export type FindingKind = keyof typeof KINDS;

export interface Finding {
  readonly kind: FindingKind;
  readonly count: number;
  readonly repaired: number;
  readonly examples: readonly string[];
  /** Why they were left alone, although they were to be repaired. */
  readonly left: string | null;
}

export interface CheckReport {
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  /** What came later may still be under way, and was not looked at. */
  readonly settledMs: number;
  readonly lookedAt: Readonly<Record<'blobs' | 'pictures' | 'snapshots' | 'captures', number>>;
  readonly findings: readonly Finding[];
}

/** As people read it. */
export function describeReport({ lookedAt, findings, startedAtMs, finishedAtMs, settledMs }: CheckReport): string {
  const { blobs, pictures, snapshots, captures } = lookedAt;
  const took = `${((finishedAtMs - startedAtMs) / 1_000).toFixed(1)} s`;
  const looked = `Looked at ${captures} captures with ${pictures} pictures, ${snapshots} snapshots and ${blobs} blobs in ${took}.`;
  const until = `What came after ${new Date(settledMs).toISOString()} may still be under way, and was not looked at.`;
  if (findings.length === 0) return `${looked}\n${until}\nAll of it agrees.`;
  const lines = findings.map(({ kind, count, repaired, examples, left }) =>
    [
      `${count} ${kind}${repaired > 0 ? `, ${repaired} repaired` : ''}: ${KINDS[kind].found}`,
      ...repairOf(kind, { count, repaired }),
      ...(left === null ? [] : [`  left alone: ${left}`]),
      ...examples.map((example) => `  ${example}`),
      ...(count > examples.length ? [`  and ${count - examples.length} more`] : []),
    ].join('\n'),
  );
  return [looked, until, ...lines].join('\n');
}

/** What was done, or would be. */
function repairOf(kind: FindingKind, { count, repaired }: Pick<Finding, 'count' | 'repaired'>): readonly string[] {
  const { repair } = KINDS[kind];
  if (repair === null) return [];
  return [`  ${repaired === count ? 'repaired' : 'with --repair'}: ${repair}`];
}

/** As programs read it. */
export function reportAsJson({ lookedAt, findings, startedAtMs, finishedAtMs }: CheckReport): object {
  return {
    started_at: new Date(startedAtMs),
    finished_at: new Date(finishedAtMs),
    looked_at: lookedAt,
    findings,
  };
}

/** What could be repaired and is not. */
export function isWrong({ findings }: CheckReport): boolean {
  return findings.some(({ kind, count, repaired }) => KINDS[kind].repair !== null && repaired < count);
}
