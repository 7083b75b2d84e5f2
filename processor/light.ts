/**
 * What the light has done to a whole picture: what each grey of the one before should be now, if nothing but the light
 * or the exposure has changed. The middle change of the darker and of the brighter half of the cells are two points of a
 * line, so a gain counts as much as a shift; being medians, they do not see what covers less than half of either.
 */
export function matchLight(before: Uint8Array, now: Uint8Array): Uint8Array {
  const middle = medianOf(countsOf(before));
  const [darkGreys, brightGreys] = [new Uint32Array(GREYS), new Uint32Array(GREYS)];
  const [darkChanges, brightChanges] = [new Uint32Array(2 * GREYS), new Uint32Array(2 * GREYS)];
  for (let cell = 0; cell < before.length; cell += 1) {
    const grey = before[cell] as number;
    const change = (now[cell] as number) - grey + GREYS;
    const isDark = grey < middle;
    if (isDark) {
      count(darkGreys, grey);
      count(darkChanges, change);
    } else {
      count(brightGreys, grey);
      count(brightChanges, change);
    }
  }
  const bright = { grey: medianOf(brightGreys), change: medianOf(brightChanges) - GREYS };
  const dark = medianOrNull(darkGreys, darkChanges) ?? bright;
  // Halves that lie close together say little about a gain.
  const apart = bright.grey - dark.grey;
  const rough =
    apart < APART_MIN
      ? { grey: middle, change: medianOf(sumOf(darkChanges, brightChanges)) - GREYS, slope: 0 }
      : { ...dark, slope: (bright.change - dark.change) / apart };
  return tableOf(refine(before, now, rough));
}

interface Line {
  readonly grey: number;
  /** How much that grey has changed, and how much more one that is brighter by 1. */
  readonly change: number;
  readonly slope: number;
}

/** Least squares over the cells that go along with a line: bands of a lamp's flicker then cancel each other. */
function refine(before: Uint8Array, now: Uint8Array, { grey, change, slope }: Line): Line {
  let [count, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0];
  for (let cell = 0; cell < before.length; cell += 1) {
    const x = before[cell] as number;
    const y = (now[cell] as number) - x;
    // What ran into black or white says nothing of the light.
    if (now[cell] === 0 || now[cell] === GREYS - 1 || Math.abs(y - change - slope * (x - grey)) > ALONG_MAX) continue;
    count += 1;
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumXY += x * y;
  }
  const spread = count * sumXX - sumX * sumX;
  if (spread < count * count * SPREAD_MIN || count * 4 < before.length) return { grey, change, slope };
  return { grey: sumX / count, change: sumY / count, slope: (count * sumXY - sumX * sumY) / spread };
}

function tableOf({ grey: from, change, slope }: Line): Uint8Array {
  const table = new Uint8Array(GREYS);
  for (let grey = 0; grey < GREYS; grey += 1) {
    table[grey] = Math.max(0, Math.min(GREYS - 1, Math.round(grey + change + slope * (grey - from))));
  }
  return table;
}

const GREYS = 256;
const APART_MIN = 8;
const ALONG_MAX = 24;
const SPREAD_MIN = 64;

function countsOf(greys: Uint8Array): Uint32Array {
  const counts = new Uint32Array(GREYS);
  for (let at = 0; at < greys.length; at += 1) count(counts, greys[at] as number);
  return counts;
}

function count(counts: Uint32Array, value: number): void {
  counts[value] = (counts[value] as number) + 1;
}

function sumOf(some: Uint32Array, others: Uint32Array): Uint32Array {
  return some.map((count, at) => count + (others[at] as number));
}

function medianOrNull(greys: Uint32Array, changes: Uint32Array) {
  return greys.some((count) => count > 0) ? { grey: medianOf(greys), change: medianOf(changes) - GREYS } : null;
}

function medianOf(counts: Uint32Array): number {
  let all = 0;
  for (const count of counts) all += count;
  const half = all / 2;
  let seen = 0;
  for (let value = 0; value < counts.length; value += 1) {
    seen += counts[value] as number;
    if (seen >= half) return value;
  }
  return 0;
}
