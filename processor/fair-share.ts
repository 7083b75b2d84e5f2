/**
 * Which of the records that wait in a partition are taken together, and which are put off: round by round, one of each
 * device, so that nobody waits for all of what somebody else has sent at once. Of each device the first are taken, and
 * nothing that lies behind one that is put off: its order stays (promise 4). The first of all is always taken. Where a
 * round has more devices than there is room for, those that have waited longest have it. Pure.
 */
export interface Share {
  readonly batchRecordsMax: number;
  readonly deviceRecordsMax: number;
}

export function fairShare<Waiting extends { readonly key: string }>(
  waiting: readonly Waiting[],
  { batchRecordsMax, deviceRecordsMax }: Share,
): { readonly taken: readonly Waiting[]; readonly putOff: readonly Waiting[] } {
  const counts = new Map<string, number>();
  const sizes: number[] = [];
  const rounds = waiting.map(({ key }) => {
    const round = counts.get(key) ?? 0;
    counts.set(key, round + 1);
    sizes[round] = (sizes[round] ?? 0) + 1;
    return round;
  });
  let room = batchRecordsMax;
  let whole = 0;
  for (const size of sizes.slice(0, deviceRecordsMax)) {
    if (size > room) break;
    room -= size;
    whole += 1;
  }
  const isPartial = whole < deviceRecordsMax;
  const taken: Waiting[] = [];
  const putOff: Waiting[] = [];
  for (const [at, one] of waiting.entries()) {
    const round = rounds[at] ?? 0;
    const isTaken = round < whole || (isPartial && round === whole && room > 0);
    if (round === whole) room -= 1;
    (isTaken ? taken : putOff).push(one);
  }
  return { taken, putOff };
}
