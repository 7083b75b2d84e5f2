/**
 * What a time is written with, five dots by seven. A font of our own, since a container may have none, and since the
 * same time is then drawn with the same dots everywhere.
 */
const GLYPHS: Readonly<Record<string, readonly string[]>> = {
  '0': ['.###.', '#...#', '#..##', '#.#.#', '##..#', '#...#', '.###.'],
  '1': ['..#..', '.##..', '..#..', '..#..', '..#..', '..#..', '.###.'],
  '2': ['.###.', '#...#', '....#', '..##.', '.#...', '#....', '#####'],
  '3': ['.###.', '#...#', '....#', '..##.', '....#', '#...#', '.###.'],
  '4': ['...#.', '..##.', '.#.#.', '#..#.', '#####', '...#.', '...#.'],
  '5': ['#####', '#....', '####.', '....#', '....#', '#...#', '.###.'],
  '6': ['..##.', '.#...', '#....', '####.', '#...#', '#...#', '.###.'],
  '7': ['#####', '....#', '...#.', '..#..', '..#..', '..#..', '..#..'],
  '8': ['.###.', '#...#', '#...#', '.###.', '#...#', '#...#', '.###.'],
  '9': ['.###.', '#...#', '#...#', '.####', '....#', '...#.', '.##..'],
  '-': ['.....', '.....', '.....', '.###.', '.....', '.....', '.....'],
  ':': ['.....', '..#..', '..#..', '.....', '..#..', '..#..', '.....'],
};

export interface Dot {
  readonly column: number;
  readonly row: number;
}

/** A dot of margin on each side, and one between two characters. */
export function sizeOfText(text: string): { readonly columns: number; readonly rows: number } {
  return { columns: text.length * 6 + 1, rows: 9 };
}

/** A character that has no glyph leaves its place empty. */
export function dotsOf(text: string): readonly Dot[] {
  return [...text].flatMap((character, place) =>
    (GLYPHS[character] ?? []).flatMap((line, row) =>
      [...line].flatMap((dot, column) => (dot === '#' ? [{ column: place * 6 + 1 + column, row: row + 1 }] : [])),
    ),
  );
}
