/** What may be found, and what `--repair` makes of it. */
export const KINDS = {
  'picture-missing': 'captures name a picture that is not there; they name it no more',
  'snapshot-missing': 'events name a drawn picture that is not there; they name it no more',
  unrecorded: 'pictures of acknowledged frames that no reader of the log has seen; their records are appended again',
  'never-analysed': 'frames that nobody analyses; their records are appended again',
  orphan: 'pictures that nothing refers to; they are deleted',
  stranger: 'blobs of names that are none of ours; they stay',
  undeleted: 'pictures that should have been deleted a day ago; they are',
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
  readonly lookedAt: Readonly<Record<'blobs' | 'pictures' | 'snapshots' | 'captures', number>>;
  readonly findings: readonly Finding[];
}

/** As people read it. */
export function describeReport({ lookedAt, findings, startedAtMs, finishedAtMs }: CheckReport): string {
  const { blobs, pictures, snapshots, captures } = lookedAt;
  const took = `${((finishedAtMs - startedAtMs) / 1_000).toFixed(1)} s`;
  const looked = `Looked at ${captures} captures with ${pictures} pictures, ${snapshots} snapshots and ${blobs} blobs in ${took}.`;
  if (findings.length === 0) return `${looked}\nAll of it agrees.`;
  const lines = findings.map(({ kind, count, repaired, examples, left }) =>
    [
      `${count} ${kind}${repaired > 0 ? `, ${repaired} repaired` : ''}: ${KINDS[kind]}`,
      ...(left === null ? [] : [`  left alone: ${left}`]),
      ...examples.map((example) => `  ${example}`),
      ...(count > examples.length ? [`  and ${count - examples.length} more`] : []),
    ].join('\n'),
  );
  return [looked, ...lines].join('\n');
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

/** What is found and not repaired. */
export function isWrong({ findings }: CheckReport): boolean {
  return findings.some(({ count, repaired }) => repaired < count);
}
