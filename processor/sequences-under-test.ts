import { readFileSync } from 'node:fs';

/** A table of processor/sequences: what goes in, line by line, and what is told of it. */
export interface Sequence {
  readonly title: string;
  readonly rows: readonly { readonly input: string; readonly expected: string }[];
}

/** Blocks parted by blank lines, each under its title; a row is `input | expected`, and # begins a remark. */
export function readSequences(name: string): readonly Sequence[] {
  const text = readFileSync(new URL(`sequences/${name}.txt`, import.meta.url), 'utf8');
  return text
    .split(/\n\s*\n/)
    .map((block) => block.split('\n').filter((line) => line.trim() && !line.startsWith('#')))
    .filter((lines) => lines.length > 0)
    .map(([title = '', ...rows]) => ({ title, rows: rows.map(readRow) }));
}

function readRow(line: string): Sequence['rows'][number] {
  const [input = '', expected = ''] = line.split('|').map((part) => part.trim());
  return { input, expected };
}

/** Many frames alike: first..last/spacing. */
export function timesOf(word: string): readonly number[] {
  const [first = Number.NaN, last = first, spacing = 1] = word
    .split(/\.\.|\//)
    .map((time) => Number.parseInt(time, 10));
  return Array.from({ length: Math.floor((last - first) / spacing) + 1 }, (_, at) => first + at * spacing);
}
