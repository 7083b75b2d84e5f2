/**
 * Who goes with whom, so that the sum of the weights is as great as it can be: the Hungarian method, by shortest
 * augmenting paths, exact, in the shorter side squared times the longer. A weight of 0 or less says 'not these two'.
 * Answers the column of each row, or null. The same weights always give the same pairs.
 */
export function assign(weights: readonly (readonly number[])[]): readonly (number | null)[] {
  const columns = weights[0]?.length ?? 0;
  if (columns === 0) return weights.map(() => null);
  if (weights.length <= columns) return assignRows(weights);
  const turned = Array.from({ length: columns }, (_, column) => weights.map((row) => row[column] ?? 0));
  const rowOf = assignRows(turned);
  const answer: (number | null)[] = weights.map(() => null);
  for (const [column, row] of rowOf.entries()) if (row !== null) answer[row] = column;
  return answer;
}

/** At most as many rows as columns. Row and column 0 stand for 'none' while it works. */
function assignRows(weights: readonly (readonly number[])[]): readonly (number | null)[] {
  const [rows, columns] = [weights.length, weights[0]?.length ?? 0];
  const cost = (row: number, column: number) => {
    const weight = weights[row - 1]?.[column - 1] ?? 0;
    // What is no number is no reason either.
    return weight > 0 ? -weight : 0;
  };
  const ofRow = new Float64Array(rows + 1);
  const ofColumn = new Float64Array(columns + 1);
  const rowAt = new Int32Array(columns + 1);
  const cameFrom = new Int32Array(columns + 1);
  for (let row = 1; row <= rows; row += 1) {
    rowAt[0] = row;
    const shortest = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY);
    const reached = new Uint8Array(columns + 1);
    let column = 0;
    // The shortest way from this row, over pairs that are there already, to a column that is free.
    do {
      reached[column] = 1;
      const from = at(rowAt, column);
      let step = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let other = 1; other <= columns; other += 1) {
        if (reached[other]) continue;
        const reduced = cost(from, other) - at(ofRow, from) - at(ofColumn, other);
        if (reduced < at(shortest, other)) {
          shortest[other] = reduced;
          cameFrom[other] = column;
        }
        if (at(shortest, other) < step) {
          step = at(shortest, other);
          next = other;
        }
      }
      for (let other = 0; other <= columns; other += 1) {
        if (reached[other]) {
          ofRow[at(rowAt, other)] = at(ofRow, at(rowAt, other)) + step;
          ofColumn[other] = at(ofColumn, other) - step;
        } else shortest[other] = at(shortest, other) - step;
      }
      column = next;
    } while (at(rowAt, column) !== 0);
    while (column !== 0) {
      const before = at(cameFrom, column);
      rowAt[column] = at(rowAt, before);
      column = before;
    }
  }
  const answer: (number | null)[] = weights.map(() => null);
  for (let column = 1; column <= columns; column += 1) {
    const row = at(rowAt, column);
    if (row > 0 && cost(row, column) < 0) answer[row - 1] = column - 1;
  }
  return answer;
}

function at(numbers: Float64Array | Int32Array, index: number): number {
  return numbers[index] as number;
}
