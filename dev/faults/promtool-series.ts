/** A series as it is seen at each of so many evenly spaced times; null where there was none. */
export interface SeenSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly (string | null)[];
}

/** `name{label="value"}`, as promtool reads it. */
export function seriesName({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string {
  const told = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${name}{${told.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(', ')}}`;
}

/**
 * Values in promtool's notation, in which `3x4` is a 3 and four more of it. Where a series ends it is marked as stale, since
 * promtool would go on with its last value for five minutes, which Prometheus did not.
 */
export function seriesValues(values: readonly (string | null)[]): string {
  const words: string[] = [];
  let seen: string | null = null;
  for (const value of values) {
    words.push(value ?? (seen === null ? '_' : 'stale'));
    seen = value;
  }
  const told: string[] = [];
  for (let at = 0; at < words.length; ) {
    const word = words[at] ?? '_';
    let count = 1;
    while (words[at + count] === word) count += 1;
    told.push(written(word, count));
    at += count;
  }
  return told.join(' ');
}

function written(word: string, count: number): string {
  if (word === 'stale') return Array(count).fill(word).join(' ');
  // Of what is missing, so many; of a value, so many more.
  if (word === '_') return count === 1 ? word : `_x${count}`;
  return count === 1 ? word : `${word}x${count - 1}`;
}
