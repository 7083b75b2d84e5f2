import type { OutputDescription } from '../model-description.ts';
import { type Candidate, imageNet, type Layout, type Output, reversed, type Wanted, zeroToOne } from './layout.ts';

/**
 * Models with the suppression inside: one row for each box that is left, as many as there are. What belongs to a row
 * stands in the columns of one tensor or is spread over several, as different exporters do it.
 */
export const endToEnd: Layout = {
  name: 'end-to-end',

  open({ outputs, input }, given) {
    const places = findPlaces(outputs, given.columns);
    if (!places || (!given.columns && !areClassNumbers(outputs, places.get('class')))) return null;
    const tensorflow = outputs.some(isTensorflow);
    const normalised = given.normalised ?? tensorflow;
    const [scaleX, scaleY] = normalised ? [input.width, input.height] : [1, 1];
    const firstClass = (given.background ?? tensorflow) ? 1 : 0;
    return {
      because: `rows of ${[...places.keys()].join(', ')}, in ${normalised ? 'shares' : 'pixels'} of the input`,
      classCount: null,
      // Two tensors are how OpenMMLab exports them.
      input: outputs.length === 2 ? { ...imageNet, colour: 'bgr', ...reversed(imageNet) } : zeroToOne,
      read(now, wanted) {
        const { output, step } = places.get('x1') as Place;
        const rows = (now[output] as Output).data.length / step;
        const value = (column: Column, row: number) => {
          const place = places.get(column) as Place;
          return now[place.output]?.data[row * place.step + place.from] as number;
        };
        const found: Candidate[] = [];
        for (let row = 0; row < rows; row += 1) {
          const classIndex = places.has('class') ? Math.round(value('class', row)) - firstClass : 0;
          const confidence = value('score', row);
          if (!isWanted(wanted, classIndex, confidence)) continue;
          found.push({
            left: value('x1', row) * scaleX,
            top: value('y1', row) * scaleY,
            right: value('x2', row) * scaleX,
            bottom: value('y2', row) * scaleY,
            classIndex,
            confidence,
          });
        }
        return found;
      },
    };
  },
};

/** A table of as many columns may be something else, such as YOLOv5's cells: what stands in place of classes tells. */
function areClassNumbers(outputs: readonly Output[], place: Place | undefined): boolean {
  const data = place && outputs[place.output]?.data;
  return !data || Array.from(data).every((value, at) => at % place.step !== place.from || Number.isInteger(value));
}

type Column = OutputDescription['columns'][number];

/** In which tensor a column's numbers stand: the first row's, and how many numbers further the next row's. */
interface Place {
  readonly output: number;
  readonly from: number;
  readonly step: number;
}

const BY_WIDTH: Readonly<Record<number, readonly Column[]>> = {
  4: ['x1', 'y1', 'x2', 'y2'],
  5: ['x1', 'y1', 'x2', 'y2', 'score'],
  6: ['x1', 'y1', 'x2', 'y2', 'score', 'class'],
  7: ['batch', 'x1', 'y1', 'x2', 'y2', 'class', 'score'],
};

function findPlaces(outputs: readonly Output[], given: readonly Column[] | undefined): Map<Column, Place> | null {
  const places = new Map<Column, Place>();
  for (const [at, output] of outputs.entries()) {
    const columns = columnsOf(output, given);
    if (!columns) return null;
    for (const [from, column] of columns.entries()) places.set(column, { output: at, from, step: columns.length });
  }
  return (['x1', 'y1', 'x2', 'y2', 'score'] as const).every((column) => places.has(column)) ? places : null;
}

function columnsOf(output: Output, given: readonly Column[] | undefined): readonly Column[] | null {
  const { name, dims } = output;
  const width = dims.at(-1) ?? 1;
  if (given?.length === width) return given;
  if (isTensorflow(output)) return ['y1', 'x1', 'y2', 'x2'];
  // The rows that are none are not sure of anything.
  if (/num|count/i.test(name)) return [];
  if (/label|class/i.test(name)) return ['class'];
  if (/score|conf/i.test(name)) return ['score'];
  return dims.length > 1 ? (BY_WIDTH[width] ?? null) : null;
}

/** Its object detection API counts classes from 1 and gives boxes in shares, the vertical first. */
function isTensorflow({ name }: Output): boolean {
  return name.startsWith('detection_boxes');
}

function isWanted(wanted: readonly Wanted[], classIndex: number, confidence: number): boolean {
  return wanted.some(({ index, confidenceMin }) => index === classIndex && confidence >= confidenceMin);
}
