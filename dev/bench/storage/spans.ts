import type { Turn } from './served-queries.ts';

const DAY_MS = 86_400_000;

export const ago = ({ nowMs }: Turn, days: number) => new Date(nowMs - days * DAY_MS);

/** Some span of so many days, or all if there are not so many. */
export function span({ nowMs, days, random }: Turn, wanted: number): readonly [Date, Date] {
  const length = Math.min(wanted, days);
  const untilMs = nowMs - Math.floor(random.between(0, (days - length) * 24)) * 3_600_000;
  return [new Date(untilMs - length * DAY_MS), new Date(untilMs)];
}

export const lately = (turn: Turn, days: number): readonly [Date, Date] => [ago(turn, days), ago(turn, 0)];
